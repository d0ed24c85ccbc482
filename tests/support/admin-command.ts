/** `fairlead --config` as people start it, with its admin listener. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConfigInput } from "../../src/config/types.ts";
import { Child } from "./child.ts";
import { ROOT } from "./sources.ts";

const binary = (name: string): string => join(ROOT, "node_modules/.bin", name);

export type CommandRuntime = "node" | "deno" | "bun";

const COMMANDS: Readonly<Record<CommandRuntime, readonly [command: string, ...args: string[]]>> = {
  node: [binary("node")],
  deno: [binary("deno"), "run", "--allow-all", "--quiet"],
  bun: [binary("bun")],
};

export interface AdminCommand {
  /** Where clients connect, without a "/" at its end. */
  readonly address: string;
  /** The dashboard's page. */
  readonly dashboard: string;
  readonly child: Child;
  stop(): Promise<void>;
}

/** @param config undefined starts the demo. */
export const startCommand = async (
  config: ConfigInput | undefined,
  runtime: CommandRuntime = "node",
  args: readonly string[] = ["--port", "0"],
): Promise<AdminCommand> => {
  const directory = mkdtempSync(join(tmpdir(), "fairlead-dashboard-"));
  const file = join(directory, "fairlead.json");
  if (config !== undefined) writeFileSync(file, JSON.stringify(config));
  const [command, ...before] = COMMANDS[runtime];
  const configured = config === undefined ? [] : ["--config", file];
  const child = new Child(
    "fairlead",
    command,
    [...before, join(ROOT, "bin/fairlead.ts"), ...configured, ...args],
    {},
    directory,
  );
  const stop = async (): Promise<void> => {
    await child.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const [, dashboard = ""] = await child.printed(/Dashboard: (http:\S+)/, 60_000);
    const [, address = ""] = await child.printed(/^ {2}(http:\S+)/m);
    return { address, dashboard, child, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};
