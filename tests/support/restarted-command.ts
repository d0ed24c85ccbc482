/** The command on a runtime, through all the processes that take over from each other. */
import { existsSync, readFileSync } from "node:fs";
import type { ConfigInput } from "../../src/config/types.ts";
import { within } from "./bound.ts";
import type { Child } from "./child.ts";
import { CommandDirectory, type CommandRuntime } from "./command.ts";

/** What an upgrade came to. */
export interface UpgradeAnswer {
  readonly status: number;
  readonly message: string;
}

const LOOK_MS = 20;

/** Whether a process is there, and is more than an entry that nobody has read the end of. */
const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};

/** Resolves once process `pid` has ended. */
export const gone = (pid: number, boundMs = 20_000): Promise<void> =>
  within(
    (async () => {
      while (isAlive(pid)) await new Promise((resolve) => void setTimeout(resolve, LOOK_MS));
    })(),
    `process ${pid} to end`,
    boundMs,
  );

export class RestartedCommand {
  readonly directory: CommandDirectory;
  port = 0;
  admin = 0;
  #first: Child | undefined;
  /** Of processes that served, oldest first. */
  readonly pids: number[] = [];

  constructor(runtime: CommandRuntime, env: Readonly<Record<string, string>> = {}) {
    this.directory = new CommandDirectory(runtime, env);
  }

  write(name: string, content: string | ConfigInput): void {
    this.directory.write(name, content);
  }

  /** Its config has to have an admin listener. */
  async start(...args: readonly string[]): Promise<void> {
    const { child, port, admin } = await this.directory.serve(...args);
    this.#first = child;
    this.port = port;
    this.admin = admin;
    this.pids.push(child.pid);
  }

  /** What all of them have printed. */
  get printed(): string {
    return (this.#first?.stdout ?? "") + (this.#first?.stderr ?? "");
  }

  /** Of the process that serves. */
  get pid(): number {
    return this.pids.at(-1) ?? 0;
  }

  /** Asks for a new process, and waits for the answer. */
  async upgrade(seconds = 30): Promise<UpgradeAnswer> {
    const response = await fetch(`http://127.0.0.1:${this.admin}/api/upgrade`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ seconds }),
    });
    const { message, detail } = (await response.json()) as { message?: string; detail?: string };
    const [, pid] = /^process (\d+) has taken over$/.exec(message ?? "") ?? [];
    if (pid !== undefined) this.pids.push(Number(pid));
    return { status: response.status, message: message ?? detail ?? "" };
  }

  /** Does the same by `fairlead upgrade`. Resolves to its exit code and what it printed. */
  async upgradeByCommand(...args: readonly string[]): Promise<{ code: number | null; printed: string }> {
    const url = `http://127.0.0.1:${this.admin}`;
    const command = this.directory.run("upgrade", "--url", url, ...args);
    const { code } = await command.ended(60_000);
    const printed = command.stdout + command.stderr;
    const [, pid] = /^process (\d+) has taken over$/m.exec(printed) ?? [];
    if (pid !== undefined) this.pids.push(Number(pid));
    return { code, printed };
  }

  /** Waits until all but the last process have ended. */
  async othersGone(): Promise<void> {
    for (const pid of this.pids.slice(0, -1)) await gone(pid);
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name);
  }

  /** Ends everything. Resolves to how the first process ended. */
  async end(): Promise<number | null | undefined> {
    for (const pid of this.pids) if (existsSync(`/proc/${pid}`) && isAlive(pid)) process.kill(pid, "SIGKILL");
    for (const pid of this.pids) await gone(pid);
    const exit = await this.#first?.ended();
    await this.directory.end();
    return exit?.code;
  }
}
