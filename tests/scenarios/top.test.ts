/** `fairlead top` in front of a real proxy under real traffic, on each runtime. */
import { afterEach, describe, expect, test } from "vitest";
import type { Snapshot } from "../../handlers/snapshot.ts";
import type { ConfigInput } from "../../src/config/types.ts";
import { Child } from "../support/child.ts";
import { COMMAND_RUNTIMES, type CommandRuntime, commandLine } from "../support/command.ts";
import { freePort } from "../support/free-port.ts";
import { PseudoTerminal, hasPseudoTerminals } from "../support/pseudo-terminal.ts";
import { RawClient } from "../support/raw-client.ts";
import { RawOrigin } from "../support/raw-origin.ts";
import { type RunningProxy, startProxy } from "../support/runtimes.ts";
import { requestText } from "../support/suite.ts";

const TOKEN = "token-of-the-operators";
const GOOD = 40;
const BAD = 10;

const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

interface Stage {
  readonly proxy: RunningProxy;
  readonly origin: RawOrigin;
  readonly config: ConfigInput;
  /** Of the admin listener. */
  readonly url: string;
}

const stageOn = async (runtime: CommandRuntime): Promise<Stage> => {
  const origin = await RawOrigin.start();
  ends.push(() => origin.stop());
  const admin = await freePort();
  const dead = await freePort();
  const config: ConfigInput = {
    upstreams: {
      shop: origin.url,
      "de\u001b[2Jad": { endpoints: `http://127.0.0.1:${dead}`, breaker: { failures: 5, open: "5m" } },
    },
    routes: [
      { name: "broken", match: { path: "/dead" }, upstream: "de\u001b[2Jad" },
      { name: "all", upstream: "shop" },
    ],
    admin: { port: admin, token: TOKEN },
  };
  return { proxy: await begin(runtime, config), origin, config, url: `http://127.0.0.1:${admin}` };
};

const begin = async (runtime: RunningProxy["runtime"], config: ConfigInput): Promise<RunningProxy> => {
  const proxy = await startProxy(runtime, config);
  ends.push(() => proxy.stop());
  return proxy;
};

const send = async (proxy: RunningProxy, target: string, count: number): Promise<readonly number[]> => {
  const client = await RawClient.connect(proxy.port);
  const statuses: number[] = [];
  for (let i = 0; i < count; i += 1) {
    await client.send(requestText(target));
    statuses.push((await client.response()).status);
  }
  client.close();
  return statuses;
};

/** The words of a line. */
const cells = (line: string | undefined): readonly string[] => (line ?? "").trim().split(/ {2,}/);

/** Of all requests. */
const figures = (screen: readonly string[]): { readonly perSecond: number; readonly total: number } => {
  const [, perSecond = "0", total = "0"] =
    /^([\d.,]+) requests\/s · (\d+) in all/.exec(screen[1] ?? "") ?? [];
  return { perSecond: Number(perSecond), total: Number(total) };
};

const lineOf = (lines: readonly string[], name: string): readonly string[] =>
  cells(lines.find((line) => line.trim().startsWith(name)));

describe.each(COMMAND_RUNTIMES)("fairlead top on %s", (runtime) => {
  const print = async (args: readonly string[]): Promise<string> => {
    const [command, ...own] = commandLine(runtime, ["top", ...args]);
    const child = new Child("top", command, own, { FAIRLEAD_ADMIN_TOKEN: TOKEN });
    const { code } = await child.ended(20_000);
    expect([code, child.stderr]).toEqual([0, ""]);
    return child.stdout;
  };

  test("tells what was sent, and what became of it", async () => {
    const { proxy, url, origin } = await stageOn(runtime);
    expect(new Set(await send(proxy, "/", GOOD))).toEqual(new Set([200]));
    // The breaker of the only endpoint opens after five.
    expect(new Set(await send(proxy, "/dead", BAD))).toEqual(new Set([502, 503]));
    const { exchanges } = origin;
    expect(exchanges).toHaveLength(GOOD);

    const state = JSON.parse(await print(["--url", url, "--json"])) as Snapshot;
    expect(state.traffic).toMatchObject({
      requests: GOOD + BAD,
      byStatus: { "2xx": GOOD, "5xx": BAD },
      recent: { requests: GOOD + BAD, failures: BAD },
    });
    expect(Object.values(state.traffic.errors).reduce((sum, count) => sum + count, 0)).toBe(BAD);

    const lines = (await print(["--url", url, "--once"])).split("\n");
    expect(lines[0]).toMatch(/^fairlead \d+\.\d+\.\d+ · (node|deno|bun) · up \d+ s · config 1 · /);
    expect(lines[1]).toMatch(/ requests\/s · 50 in all · failed 20\.0 % · p50 [\d.]+ ms · p95 /);
    const shop = lineOf(lines, origin.url);
    expect(shop.slice(0, 2)).toEqual([origin.url, "ok"]);
    expect(shop).toContain("0 %");
    const dead = lines.findIndex((line) => line.startsWith("de\\u001b[2Jad"));
    expect(cells(lines[dead]).slice(1, 2)).toEqual(["0 of 1"]);
    expect(cells(lines[dead + 1]).slice(1, 3)).toEqual(["circuit open", "open"]);
    expect(cells(lines[dead + 1])).toContain("100 %");
    expect(lineOf(lines.slice(lines.findIndex((line) => line.startsWith("ROUTES"))), "broken")[2]).toBe(
      "100 %",
    );
  });

  test.skipIf(!hasPseudoTerminals())("lives: rates, keys, a proxy that goes and comes back", async () => {
    const { proxy, url, origin, config } = await stageOn(runtime);
    const command = commandLine(runtime, ["top", "--url", url]);
    const terminal = new PseudoTerminal(command, { FAIRLEAD_ADMIN_TOKEN: TOKEN }, { columns: 120, rows: 30 });
    ends.push(() => terminal.stop());
    const first = await terminal.shows((screen) => screen, "anything", 20_000);
    expect(first).toHaveLength(30);
    expect(first[1]).toMatch(/^0\.0 requests\/s · 0 in all/);

    // A request that is held stands as in flight.
    origin.script(async (exchange) => {
      await exchange.body();
      if (exchange.head.target !== "/held") await exchange.respond(200);
    });
    const held = await RawClient.connect(proxy.port);
    await held.send(requestText("/held"));
    await origin.request(0);
    const inFlight = await terminal.shows(
      (screen) => (lineOf(screen, origin.url).at(-2) === "1" ? true : undefined),
      "a request in flight",
    );
    expect(inFlight).toBe(true);
    held.close();

    const [rate] = await Promise.all([
      terminal.shows((screen) => figures(screen).perSecond || undefined, "a rate", 20_000),
      send(proxy, "/", 100),
    ]);
    // Looks are a second apart, or more.
    expect(rate).toBeLessThanOrEqual(101);
    await terminal.shows((screen) => figures(screen).total >= 100 || undefined, "all that was sent");

    terminal.type("/shop\r");
    await terminal.shows(
      (screen) => screen.some((line) => line.includes("/ filter: shop")) || undefined,
      "the filter",
    );
    expect(terminal.screen?.join("\n")).not.toContain("broken");
    terminal.type("\u001bs");
    await terminal.shows((screen) => screen.at(-1)?.includes("s sort: name") || undefined, "the order");

    await proxy.stop();
    const gone = await terminal.shows(
      (screen) => (screen[0]?.includes("trying again") === true ? screen : undefined),
      "that the proxy is gone",
    );
    expect(gone[0]).toMatch(
      /^http:\/\/127\.0\.0\.1:\d+: connection refused, since \d\d:\d\d:\d\d; trying again$/,
    );
    expect(gone.join("\n")).toContain(origin.url);
    await begin(runtime, config);
    await terminal.shows(
      (screen) => screen[1]?.includes(" 0 in all") || undefined,
      "the proxy that came back",
    );

    terminal.type("q");
    expect(await terminal.ended()).toBe(0);
    expect(terminal.output.trimEnd().endsWith("\u001b[?7h\u001b[?25h\u001b[?1049l")).toBe(true);
  });
});
