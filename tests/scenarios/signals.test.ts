/** The command and its signals: SIGHUP reloads, and a stop takes no longer than it must. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ConfigInput } from "../../src/config/types.ts";
import { Child } from "../support/child.ts";
import { RawClient } from "../support/raw-client.ts";
import { RUNTIMES } from "../support/runtimes.ts";
import { ROOT } from "../support/sources.ts";
import { requestText } from "../support/suite.ts";

const binary = (name: string): string => join(ROOT, "node_modules/.bin", name);
const LAUNCHERS: Readonly<Record<string, readonly [command: string, ...args: string[]]>> = {
  node: [binary("node"), join(ROOT, "bin/fairlead.ts")],
  deno: [binary("deno"), "run", "--allow-all", "--quiet", join(ROOT, "bin/fairlead.ts")],
  bun: [binary("bun"), join(ROOT, "bin/fairlead.ts")],
};
/** Well below the drain's delay of 5 s, which is for a readiness page. */
const AT_ONCE_MS = 2_500;

let directory = "";
let child: Child | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fairlead-signals-"));
});
afterEach(async () => {
  await child?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const write = (config: ConfigInput): void =>
  writeFileSync(join(directory, "fairlead.json"), JSON.stringify(config));

const start = async (
  runtime: string,
  listen: ConfigInput["listen"],
): Promise<{ running: Child; port: number }> => {
  const config: ConfigInput = {
    listen: { port: 0, host: "127.0.0.1", ...listen },
    routes: [{ respond: { body: "fixed" } }],
  };
  write(config);
  const [command = "", ...args] = LAUNCHERS[runtime] ?? [];
  const running = new Child(runtime, command, args, {}, directory);
  child = running;
  const [, port] = await running.printed(/http:\/\/[^\s/]+:(\d+)/, 20_000);
  return { running, port: Number(port) };
};

const served = async (client: RawClient, target: string = "/"): Promise<string> => {
  await client.send(requestText(target));
  return (await client.response()).text;
};

describe.each(RUNTIMES.filter((name) => name in LAUNCHERS))("signals of the command on %s", (runtime) => {
  test("SIGHUP reloads the config, and SIGTERM with nothing in flight stops at once", async () => {
    const { running, port } = await start(runtime, {});
    const client = await RawClient.connect(port);
    expect(await served(client)).toBe("fixed");
    write({ listen: { port: 0, host: "127.0.0.1" }, routes: [{ respond: { body: "mended" } }] });
    running.signal("SIGHUP");
    await running.printed(/^reloaded: fairlead\.json \(config 2\)$/m);
    expect(await served(client)).toBe("mended");
    // The client's connection is idle and stays open: nothing to wait for.
    running.signal("SIGTERM");
    expect(await running.ended(AT_ONCE_MS)).toEqual({ code: 0, signal: null });
    client.close();
  });

  test("SIGINT with nothing in flight stops at once, whatever the delay for a ready page is", async () => {
    const { running } = await start(runtime, { drain: { delay: "20s" } });
    running.signal("SIGINT");
    expect(await running.ended(AT_ONCE_MS)).toEqual({ code: 0, signal: null });
  });

  test("delay applies where there is a ready page", async () => {
    const { running, port } = await start(runtime, { readyPath: "/ready", drain: { delay: "1s" } });
    const began = performance.now();
    running.signal("SIGTERM");
    expect(await running.ended()).toEqual({ code: 0, signal: null });
    expect(performance.now() - began).toBeGreaterThan(900);
    await expect(RawClient.connect(port)).rejects.toThrow(/ECONNREFUSED/);
  });
});
