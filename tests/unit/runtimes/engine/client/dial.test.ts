import { type AddressInfo, type Server, createServer } from "node:net";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { interleaved } from "../../../../../runtimes/engine/client/addresses.ts";
import type { Lookup } from "../../../../../runtimes/engine/client/dial.ts";
import { engineTransport } from "../../../../../runtimes/engine/client/transport.ts";
import { ManualClock } from "../../../../../runtimes/memory/clock.ts";
import { CancellationSource } from "../../../../../src/core/cancellation.ts";
import { ProxyError } from "../../../../../src/core/errors.ts";
import { type AttemptParts, testAttempt, testEndpoint } from "../../../../support/attempt.ts";
import { startUnaccepting } from "../../../../support/unaccepting.ts";
import { codeOf, errorOf } from "./rig.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const OK = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";

/** Answers every connection's first bytes. */
const serve = async (where: { host: string; port: number } | { path: string }): Promise<Server> => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(OK));
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(where, resolve));
  ends.push(() => server.close());
  return server;
};

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

const v4 = (...addresses: string[]): { address: string; family: number }[] =>
  addresses.map((address) => ({ address, family: 4 }));

interface Dialler {
  readonly clock: ManualClock;
  /** Names that were looked up. */
  readonly asked: string[];
  readonly send: (url: string, parts?: Partial<AttemptParts>) => Promise<unknown>;
}

/** Answers look-ups with what `addresses` says by then. */
const dialler = (addresses: () => ReturnType<typeof v4> | Error): Dialler => {
  const clock = new ManualClock();
  const asked: string[] = [];
  const lookup: Lookup = (host, done) => {
    asked.push(host);
    const found = addresses();
    queueMicrotask(() => (found instanceof Error ? done(found, []) : done(undefined, found)));
  };
  const transport = engineTransport({ clock, lookup });
  ends.push(() => transport.close());
  return {
    clock,
    asked,
    send: (url, parts) => transport.send(testAttempt({ ...parts, endpoint: testEndpoint({ url }) })),
  };
};

describe("connections to a name", () => {
  test("fails where the system knows no such name", async () => {
    const transport = engineTransport({ clock: new ManualClock() });
    ends.push(() => transport.close());
    const endpoint = testEndpoint({ url: "http://missing.invalid" });
    expect(await codeOf(transport.send(testAttempt({ endpoint })))).toBe("connect-failed");
  });

  test("are tried on its families in turn, within one in the resolver's order", () => {
    const six = (address: string): { address: string; family: number } => ({ address, family: 6 });
    expect(
      interleaved([six("a"), six("b"), ...v4("1"), six("c"), ...v4("2")]).map(({ address }) => address),
    ).toEqual(["a", "1", "b", "2", "c"]);
    expect(interleaved(v4("1", "2"))).toEqual(v4("1", "2"));
    expect(interleaved([])).toEqual([]);
  });

  test("try the next address when one has not answered for 250 ms", async () => {
    const hole = await startUnaccepting();
    ends.push(() => hole.stop());
    const port = Number(new URL(hole.url).port);
    await serve({ host: "127.0.0.2", port });
    const { clock, send } = dialler(() => v4("127.0.0.1", "127.0.0.2"));
    let settled = false;
    const reply = send(`http://name.test:${port}`).finally(() => (settled = true));
    await clock.advance(249);
    await new Promise((resolve) => setImmediate(resolve));
    expect(settled).toBe(false);
    await clock.advance(1);
    expect(await reply).toMatchObject({ status: 200 });
  });

  test("try the next address at once when one refuses", async () => {
    const port = portOf(await serve({ host: "127.0.0.2", port: 0 }));
    const { send } = dialler(() => v4("127.0.0.3", "127.0.0.4", "127.0.0.2"));
    expect(await send(`http://name.test:${port}`)).toMatchObject({ status: 200 });
  });

  test("fail with what the first address said once all have refused", async () => {
    const port = portOf(await serve({ host: "127.0.0.2", port: 0 }));
    const { send } = dialler(() => v4("127.0.0.3", "127.0.0.4"));
    const error = await errorOf(send(`http://name.test:${port}`));
    expect([error.code, error.progress]).toEqual(["connect-failed", "connecting"]);
    expect(error.message).toBe(
      `could not connect to upstream "origin" at name.test:${port}: connection refused`,
    );
    expect(error.cause).toMatchObject({ address: "127.0.0.3" });
  });

  test("are not cut before the connect timeout, and all of them then", async () => {
    const hole = await startUnaccepting();
    ends.push(() => hole.stop());
    const port = Number(new URL(hole.url).port);
    // The second one refuses; the first goes on.
    const { clock, send } = dialler(() => v4("127.0.0.1", "127.0.0.9"));
    let code: string | undefined;
    const failing = codeOf(send(`http://name.test:${port}`, { timeouts: { connectMs: 3_000 } })).then(
      (failed) => (code = failed),
    );
    await clock.advance(2_999);
    await new Promise((resolve) => setImmediate(resolve));
    expect(code).toBeUndefined();
    await clock.advance(1);
    await failing;
    expect(code).toBe("connect-timeout");
    expect(clock.pending).toBeLessThanOrEqual(1);
  });

  test("end with the client that they were made for", async () => {
    const hole = await startUnaccepting();
    ends.push(() => hole.stop());
    const client = new CancellationSource();
    const { send } = dialler(() => []);
    const code = codeOf(send(hole.url, { cancellation: client }));
    await new Promise((resolve) => setImmediate(resolve));
    client.cancel(new ProxyError("client-closed"));
    expect(await code).toBe("client-closed");
  });

  test("look it up anew each time, so that a changed address is found", async () => {
    const port = portOf(await serve({ host: "127.0.0.2", port: 0 }));
    let addresses = v4("127.0.0.3");
    const { asked, send } = dialler(() => addresses);
    const url = `http://name.test:${port}`;
    expect(await codeOf(send(url))).toBe("connect-failed");
    addresses = v4("127.0.0.2");
    expect(await send(url)).toMatchObject({ status: 200 });
    expect(await send(url)).toMatchObject({ status: 200 });
    expect(asked).toEqual(["name.test", "name.test", "name.test"]);
  });

  test("that does not exist say so", async () => {
    const { send } = dialler(() => Object.assign(new Error("getaddrinfo"), { code: "ENOTFOUND" }));
    const error = await errorOf(send("http://name.test"));
    expect(error.code).toBe("connect-failed");
    expect(error.message).toBe(
      `could not connect to upstream "origin" at name.test: its name does not exist`,
    );
  });

  test("look up no addresses, of either family", async () => {
    const six = await serve({ host: "::1", port: 0 });
    const four = await serve({ host: "127.0.0.1", port: 0 });
    const { asked, send } = dialler(() => new Error("not asked"));
    expect(await send(`http://[::1]:${portOf(six)}`)).toMatchObject({ status: 200 });
    expect(await send(`http://127.0.0.1:${portOf(four)}`)).toMatchObject({ status: 200 });
    expect(asked).toEqual([]);
  });
});

test("connections to a Unix socket are made by its path", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fairlead-"));
  ends.push(() => rm(folder, { recursive: true }));
  const path = join(folder, "origin.sock");
  await serve({ path });
  const { send } = dialler(() => []);
  expect(await send(`unix:${path}`)).toMatchObject({ status: 200 });
  const missing = await errorOf(send(`unix:${path}.not`));
  expect(missing.message).toBe(
    `could not connect to upstream "origin" at ${path}.not: there is no such socket`,
  );
});
