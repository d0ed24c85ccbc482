/** What Cloudflare's edge does for a Worker, on a real workerd: cron triggers, work behind responses, the client's place. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { ConfigInput } from "../../src/config/types.ts";
import { Child } from "../support/child.ts";
import { RUNTIMES, startProxy } from "../support/runtimes.ts";
import { type ScriptedOrigin, startScriptedOrigin } from "../support/scripted-origin.ts";
import { WORKERD, prepareWorkerd } from "../support/workerd.ts";

const EDGE_FIELD = "X-Edge";
const CHECKED = "/healthz";

/** An origin that counts the checks, and fails them while it is down. */
class CheckedOrigin {
  isUp = true;
  checks = 0;
  readonly #name: string;
  #origin: ScriptedOrigin | undefined;

  constructor(name: string) {
    this.#name = name;
  }
  get url(): string {
    return this.#origin?.url ?? "";
  }
  async start(): Promise<this> {
    this.#origin = await startScriptedOrigin((request) => {
      if (new URL(request.url).pathname !== CHECKED) return new Response(this.#name);
      this.checks += 1;
      return new Response("", { status: this.isUp ? 200 : 503 });
    });
    return this;
  }
  async stop(): Promise<void> {
    await this.#origin?.stop();
  }
}

describe.skipIf(!RUNTIMES.includes("workerd"))("edge of a Worker", () => {
  const ends: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });

  const origins = async (): Promise<readonly [CheckedOrigin, CheckedOrigin]> => {
    const both = [new CheckedOrigin("a"), new CheckedOrigin("b")] as const;
    for (const origin of both) ends.push(() => origin.stop());
    await Promise.all(both.map((origin) => origin.start()));
    return both;
  };

  const started = async (config: ConfigInput) => {
    const directory = mkdtempSync(join(tmpdir(), "fairlead-edge-"));
    ends.push(() => rmSync(directory, { recursive: true, force: true }));
    const configFile = join(directory, "fairlead.json");
    writeFileSync(configFile, JSON.stringify(config));
    const child = new Child(
      "workerd",
      WORKERD,
      prepareWorkerd({ directory, configFile, edgeField: EDGE_FIELD }),
    );
    ends.push(() => child.stop());
    const portOf = async (socket: string): Promise<string> =>
      (await child.printed(new RegExp(`"socket":"${socket}","port":(\\d+)`), 20_000))[1] ?? "";
    const [http, cron] = [await portOf("http"), await portOf("cron")];
    return {
      child,
      ask: async (place: object = {}): Promise<string> => {
        const headers = { [EDGE_FIELD]: JSON.stringify(place) };
        return (await fetch(`http://127.0.0.1:${http}/`, { headers })).text();
      },
      trigger: async (): Promise<string> => (await fetch(`http://127.0.0.1:${cron}/`)).text(),
    };
  };

  const askedOf = async (ask: () => Promise<string>): Promise<string> => {
    const names = new Set<string>();
    for (let i = 0; i < 12; i++) names.add(await ask());
    return [...names].toSorted().join();
  };

  test("checks endpoints by cron triggers, without a request", async () => {
    const [a, b] = await origins();
    const health = { path: CHECKED, interval: "1d", fastInterval: "1ms", failures: 2, successes: 2 } as const;
    const { ask, trigger } = await started({
      upstreams: { app: { endpoints: [a.url, b.url], balance: "round-robin", slowStart: 0, health } },
    });
    a.isUp = false;
    expect(JSON.parse(await trigger())).toMatchObject({ outcome: "ok" });
    // A trigger ends when its checks have.
    expect([a.checks, b.checks]).toEqual([1, 1]);
    await trigger();
    expect(await askedOf(ask)).toBe("b");
    a.isUp = true;
    for (let i = 0; i < 3; i++) await trigger();
    expect(await askedOf(ask)).toBe("a,b");
  });

  test("checks endpoints behind responses", async () => {
    const [a, b] = await origins();
    const health = {
      path: CHECKED,
      interval: "20ms",
      fastInterval: "10ms",
      failures: 2,
      successes: 2,
    } as const;
    const { child, ask } = await started({
      upstreams: { app: { endpoints: [a.url, b.url], balance: "round-robin", slowStart: 0, health } },
    });
    await ask();
    await expect.poll(() => Math.min(a.checks, b.checks)).toBeGreaterThan(0);
    const before = a.checks;
    await new Promise((resolve) => setTimeout(resolve, 200));
    // Nothing runs between requests.
    expect(a.checks).toBe(before);
    a.isUp = false;
    await expect.poll(() => askedOf(ask), { timeout: 10_000 }).toBe("b");
    await child.printed(/is down: its checks fail \(status 503\)/);
    a.isUp = true;
    await expect.poll(() => askedOf(ask), { timeout: 10_000 }).toBe("a,b");
  });

  test("knows where the client is without a header", async () => {
    const [a, b] = await origins();
    const { ask } = await started({
      upstreams: {
        app: {
          endpoints: [
            { url: a.url, region: "DE" },
            { url: b.url, region: "NA" },
          ],
          balance: { prefer: "region", regionFrom: "edge" },
        },
      },
    });
    expect(await askedOf(() => ask({ country: "DE", continent: "EU" }))).toBe("a");
    expect(await askedOf(() => ask({ country: "US", regionCode: "TX", continent: "NA" }))).toBe("b");
  });
});

describe.each(RUNTIMES.filter((runtime) => runtime !== "workerd"))(
  "region from the edge on %s",
  (runtime) => {
    test("is refused at start", async () => {
      const endpoints = [{ url: "http://127.0.0.1:9", region: "DE" }];
      const config: ConfigInput = {
        upstreams: { app: { endpoints, balance: { prefer: "region", regionFrom: "edge" } } },
      };
      await expect(startProxy(runtime, config)).rejects.toThrow(
        /upstreams\.app\.balance\.regionFrom: \w+ can't tell the client's region/,
      );
    });
  },
);
