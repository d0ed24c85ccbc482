/** The `fairlead` command on the runtimes that it serves on, as a process in a directory of its own. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { mkdirSync } from "node:fs";
import type { ConfigInput } from "../../src/config/types.ts";
import { Child } from "./child.ts";
import { RUNTIMES, type RuntimeName } from "./runtimes.ts";
import { ROOT } from "./sources.ts";

export type CommandRuntime = Exclude<RuntimeName, "workerd">;

const binary = (name: string): string => join(ROOT, "node_modules/.bin", name);
const BIN = join(ROOT, "bin/fairlead.ts");

const COMMANDS: Readonly<Record<CommandRuntime, readonly [command: string, ...args: string[]]>> = {
  node: [binary("node"), BIN],
  deno: [binary("deno"), "run", "--allow-all", "--quiet", BIN],
  bun: [binary("bun"), BIN],
};

export const COMMAND_RUNTIMES: readonly CommandRuntime[] = RUNTIMES.filter((name) => name !== "workerd");

/** The command with `args`, for whoever starts it by other means. */
export const commandLine = (
  runtime: CommandRuntime,
  args: readonly string[],
): readonly [command: string, ...args: string[]] => [...COMMANDS[runtime], ...args];

/** A directory with files, and commands that run in it. */
export class CommandDirectory {
  readonly path: string = mkdtempSync(join(tmpdir(), "fairlead-command-"));
  readonly #runtime: CommandRuntime;
  readonly #env: Readonly<Record<string, string>>;
  readonly #children: Child[] = [];

  constructor(runtime: CommandRuntime, env: Readonly<Record<string, string>> = {}) {
    this.#runtime = runtime;
    this.#env = env;
  }

  /** Writes a file below the directory; anything but text as JSON. */
  write(name: string, content: string | ConfigInput): void {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content), { mode: 0o600 });
  }

  /** Runs the command with `args`. */
  run(...args: readonly string[]): Child {
    return this.runBy([], ...args);
  }

  /** Runs it by another program, which gets the command at the end of its arguments. */
  runBy(launcher: readonly string[], ...args: readonly string[]): Child {
    const [command = "", ...before] = [...launcher, ...COMMANDS[this.#runtime], ...args];
    const child = new Child(this.#runtime, command, before, this.#env, this.path);
    this.#children.push(child);
    return child;
  }

  /** Runs it until it serves. The ports are those of its first listener, and of its admin listener, if it has one. */
  async serve(...args: readonly string[]): Promise<{ child: Child; port: number; admin: number }> {
    const child = this.run(...args);
    const [, port] = await child.printed(/ https?:\/\/[^\s/]+:(\d+) /, 20_000);
    const [, admin] = /http:\/\/[^\s/]+:(\d+)\/metrics/.exec(child.stdout) ?? [];
    return { child, port: Number(port), admin: Number(admin) };
  }

  /** Ends the commands and removes the files. */
  async end(): Promise<void> {
    for (const child of this.#children) await child.stop();
    rmSync(this.path, { recursive: true, force: true });
  }
}
