/** The `fairlead` command with a config that is a module, on one runtime. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Child } from "./child.ts";
import type { RuntimeName } from "./runtimes.ts";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** So that a thread that takes all memory is soon there. */
const HEAP_MB = 128;

const COMMANDS: Readonly<Record<Exclude<RuntimeName, "workerd">, readonly string[]>> = {
  node: [at("../../node_modules/.bin/node"), `--max-old-space-size=${HEAP_MB}`],
  deno: [
    at("../../node_modules/.bin/deno"),
    "run",
    "--allow-all",
    "--quiet",
    `--v8-flags=--max-old-space-size=${HEAP_MB}`,
  ],
  bun: [at("../../node_modules/.bin/bun")],
};

export class ModuleCommand {
  readonly child: Child;
  readonly directory: string;
  #port = 0;
  #admin = 0;

  private constructor(runtime: keyof typeof COMMANDS, directory: string) {
    this.directory = directory;
    const [command = "", ...args] = COMMANDS[runtime];
    const start = [at("../../bin/fairlead.ts"), "start", "--config", "fairlead.ts"];
    this.child = new Child(runtime, command, [...args, ...start], {}, directory);
  }

  get port(): number {
    return this.#port;
  }
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }
  get adminUrl(): string {
    return `http://127.0.0.1:${this.#admin}`;
  }

  /** Writes `text`, a module, and starts with it. The module has an `admin` listener on 127.0.0.1. */
  static async start(runtime: keyof typeof COMMANDS, text: string): Promise<ModuleCommand> {
    const directory = mkdtempSync(join(tmpdir(), "fairlead-command-"));
    writeFileSync(join(directory, "package.json"), `{ "type": "module" }`);
    writeFileSync(join(directory, "fairlead.ts"), text);
    const command = new ModuleCommand(runtime, directory);
    try {
      const [, port] = await command.child.printed(/"listening".*"port":(\d+)/, 30_000);
      const [, admin] = await command.child.printed(/:(\d+)\/metrics/);
      command.#port = Number(port);
      command.#admin = Number(admin);
      return command;
    } catch (error) {
      await command.stop();
      throw error;
    }
  }

  /** Replaces the module. */
  write(text: string): void {
    writeFileSync(join(this.directory, "fairlead.ts"), text);
  }

  async stop(): Promise<void> {
    await this.child.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
