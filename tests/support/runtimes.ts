/** The four real runtimes, each started as a process with the same config file. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ConfigInput } from "../../src/config/types.ts";
import { Child } from "./child.ts";
import { bundlePortable } from "./portable.ts";
import { hostsText, type Hosts, withOwnHosts } from "./own-hosts.ts";

export type RuntimeName = "node" | "deno" | "bun" | "workerd";

const ALL: readonly RuntimeName[] = ["node", "deno", "bun", "workerd"];

/** Every runtime, or those named in `FAIRLEAD_TEST_RUNTIMES` (comma-separated). */
export const RUNTIMES: readonly RuntimeName[] = ALL.filter(
  (name) => process.env["FAIRLEAD_TEST_RUNTIMES"]?.split(",").includes(name) ?? true,
);

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const binary = (name: string): string => at(`../../node_modules/.bin/${name}`);

/**
 * What is served: the gateway of the config, a Hono app that uses the library in front of its upstream, or `examples/portable.ts`
 * in front of it.
 */
export type Served = "gateway" | "app" | "portable";

const COMMANDS: Readonly<Record<RuntimeName, readonly string[]>> = {
  node: [binary("node")],
  deno: [binary("deno"), "run", "--allow-all", "--quiet"],
  bun: [binary("bun")],
  workerd: [binary("node")],
};

const launcherOf = (runtime: RuntimeName, served: Served): string =>
  at(`launch/${served === "gateway" ? "" : `${served}-`}${runtime}.ts`);

/** A running proxy. */
export interface RunningProxy {
  readonly runtime: RuntimeName;
  readonly port: number;
  /** Of the admin listener; undefined without one. */
  readonly admin: number | undefined;
  readonly child: Child;
  /** Writes another config, which counts from SIGHUP on. */
  setConfig(config: ConfigInput): void;
  /** Replaces the names that only this proxy can look up. */
  setHosts(hosts: Hosts): void;
  /** Ends it at once. */
  stop(): Promise<void>;
}

/** Starts the proxy; rejects with all it printed when it refuses the config. */
export const startProxy = async (
  runtime: RuntimeName,
  config: ConfigInput,
  served: Served = "gateway",
  hosts?: Hosts,
): Promise<RunningProxy> => {
  const directory = mkdtempSync(join(tmpdir(), "fairlead-test-"));
  const file = join(directory, "fairlead.json");
  const setConfig = (next: ConfigInput): void => writeFileSync(file, JSON.stringify(next));
  setConfig(config);
  if (served === "portable" && runtime !== "workerd") bundlePortable(runtime, directory);
  const hostsFile = join(directory, "hosts");
  const setHosts = (names: Hosts): void => writeFileSync(hostsFile, hostsText(names));
  const own = [...COMMANDS[runtime], launcherOf(runtime, served), file];
  if (hosts !== undefined) setHosts(hosts);
  const [command = "", ...args] = hosts === undefined ? own : withOwnHosts(hostsFile, own);
  const child = new Child(runtime, command, args);
  const stop = async (): Promise<void> => {
    await child.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const [printed] = await child.printed(/^\{.*"port":\d+\}$/m, 20_000);
    const { port, admin } = JSON.parse(printed) as { readonly port: number; readonly admin?: number };
    return { runtime, port, admin, child, setConfig, setHosts, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};
