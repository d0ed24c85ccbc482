/** The app of `launch/app` on a runtime. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Child } from "./child.ts";
import type { RuntimeName } from "./runtimes.ts";
import { WORKERD, prepareWorkerd } from "./workerd.ts";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const binary = (name: string): string => at(`../../node_modules/.bin/${name}`);

export interface RunningApp {
  readonly port: number;
  readonly child: Child;
  /** Ends it at once. */
  stop(): Promise<void>;
}

const commandOf = (runtime: RuntimeName, origin: string, directory: string): readonly string[] => {
  const script = at(`launch/app/${runtime}.ts`);
  if (runtime === "node" || runtime === "bun") return [binary(runtime), script, origin];
  if (runtime === "deno") return [binary("deno"), "run", "--allow-all", "--quiet", script, origin];
  const configFile = join(directory, "fairlead.json");
  writeFileSync(configFile, JSON.stringify({ origin }));
  return [WORKERD, ...prepareWorkerd({ directory, configFile, entry: script })];
};

/** Starts it in front of `origin`; rejects with all it printed when it ends. */
export const startApp = async (runtime: RuntimeName, origin: string): Promise<RunningApp> => {
  const directory = mkdtempSync(join(tmpdir(), "fairlead-test-"));
  const [command = "", ...args] = commandOf(runtime, origin, directory);
  const child = new Child(runtime, command, args);
  const stop = async (): Promise<void> => {
    await child.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const [, port] = await child.printed(/^\{.*"port":(\d+)\}$/m, 20_000);
    return { port: Number(port), child, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};
