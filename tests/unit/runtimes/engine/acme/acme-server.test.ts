import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AcmeServer } from "../../../../../runtimes/engine/acme/acme-listeners.ts";
import { AcmeStorage } from "../../../../../runtimes/engine/acme/acme-storage.ts";
import { memoryPlatform } from "../../../../../runtimes/memory/platform.ts";
import { parseConfig } from "../../../../../src/config/parse.ts";
import type { Config } from "../../../../../src/config/types.ts";
import type { LogEvent } from "../../../../../src/observe/event-log.ts";
import { MetricRegistry } from "../../../../../src/observe/metric-registry.ts";
import { Watched } from "../../../../support/bound.ts";

const [ONE, OTHER] = ["one.example.com", "other.example.com"];

let root = "";
/** Takes connections, and answers none. */
let authority: Server;
let connections: Socket[] = [];
let isDown = true;
const changes = new Watched();

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "fairlead-acme-"));
  connections = [];
  isDown = true;
  authority = createServer((socket) => {
    socket.on("error", () => {});
    if (isDown) socket.destroy();
    connections.push(socket);
    changes.changed();
  });
  authority.listen(0, "127.0.0.1");
  await once(authority, "listening");
});

afterEach(() => {
  for (const socket of connections) socket.destroy();
  authority.close();
  rmSync(root, { recursive: true, force: true });
});

const directory = (): string => `https://127.0.0.1:${(authority.address() as AddressInfo).port}/directory`;

const configFor = (domains: string): Config => {
  const acme = {
    domains,
    termsAgreed: true,
    directory: directory(),
    storage: root,
    challenge: "tls-alpn-01",
  } as const;
  return parseConfig({ listen: { tls: { acme } }, routes: [{ respond: { status: 200 } }] });
};

/** Values by the only attribute: results of orders, and domains that fail. */
const valuesIn = (registry: MetricRegistry): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    registry.read().flatMap(({ points }) => points.map(({ attributes, value }) => [attributes[0], value])),
  );

describe("instruments of ACME", () => {
  test("show what is in effect while another config is prepared, given up and taken, and never count back", async () => {
    const events: LogEvent[] = [];
    const server = new AcmeServer({
      platform: memoryPlatform({ epochMs: Date.now() }),
      emit(event) {
        events.push(event);
        changes.changed();
      },
      isOrdering: true,
      changed: () => {},
    });
    const failed = (domain: string): Promise<unknown> =>
      changes.until(
        () => events.find(({ message }) => message.startsWith(`no certificate for ${domain} was obtained`)),
        `an order for ${domain} to fail`,
      );
    const registry = new MetricRegistry();
    const none = { obtained: 0, failed: 0, "rate-limited": 0 };

    const first = await server.prepare(configFor(ONE));
    first.takeEffect(registry);
    expect(valuesIn(registry)).toEqual({ ...none, [ONE]: 0 });
    first.start();
    await failed(ONE);
    const storage = new AcmeStorage(root, directory());
    await vi.waitFor(async () => expect((await storage.readState(ONE)).failures).toBe(1));
    const afterOne = { ...none, failed: 1, [ONE]: 1 };
    expect(valuesIn(registry)).toEqual(afterOne);

    const givenUp = await server.prepare(configFor(OTHER));
    expect(valuesIn(registry)).toEqual(afterOne);
    await givenUp.discard();
    expect(valuesIn(registry)).toEqual(afterOne);

    isDown = false;
    const second = await server.prepare(configFor(OTHER));
    const before = connections.length;
    second.takeEffect(registry);
    second.start();
    // The keeper of the first is not closed yet.
    expect(valuesIn(registry)).toEqual({ ...none, failed: 1, [OTHER]: 0 });
    await changes.until(() => connections.length > before || undefined, "the order to reach the authority");

    // The order of the second is under way while the second is replaced.
    const third = await server.prepare(configFor(ONE));
    expect(valuesIn(registry)).toEqual({ ...none, failed: 1, [OTHER]: 0 });
    third.takeEffect(registry);
    third.start();
    expect(valuesIn(registry)).toEqual(afterOne);
    await server.close();
    expect(valuesIn(registry)).toEqual(afterOne);
  });
});
