/** A child process with its output kept, ended by its own id. */
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { BOUND_MS, Watched, within } from "./bound.ts";

const COMPILE_CACHE = fileURLToPath(new URL("../../node_modules/.cache/node-compile", import.meta.url));

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Child {
  readonly #process: ChildProcess;
  readonly #changes: Watched = new Watched();
  readonly #name: string;
  #stdout = "";
  #stderr = "";
  /** Set once it is gone. */
  exit: Exit | undefined;

  constructor(
    name: string,
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    directory?: string,
  ) {
    this.#name = name;
    this.#process = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      cwd: directory,
      env: {
        PATH: process.env["PATH"],
        HOME: process.env["HOME"],
        // Node compiles the sources once, not for each process that a test starts.
        NODE_COMPILE_CACHE: COMPILE_CACHE,
        ...env,
      },
    });
    this.#process.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.#changes.changed();
    });
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-20_000);
      this.#changes.changed();
    });
    this.#process.on("error", (error) => {
      this.#stderr += String(error);
      this.exit = { code: null, signal: null };
      this.#changes.changed();
    });
    this.#process.on("close", (code, signal) => {
      this.exit = { code, signal };
      this.#changes.changed();
    });
  }

  get pid(): number {
    return this.#process.pid ?? -1;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Waits until `pattern` stands in what it printed (stdout or stderr). Rejects when it ends first. */
  printed(pattern: RegExp, boundMs: number = BOUND_MS): Promise<RegExpExecArray> {
    return this.#changes.until(
      () => {
        const match = pattern.exec(this.#stdout) ?? pattern.exec(this.#stderr);
        if (match !== null) return match;
        if (this.exit !== undefined) {
          throw new Error(
            `${this.#name} ended with ${JSON.stringify(this.exit)}: ${this.#stderr}${this.#stdout}`,
          );
        }
        return undefined;
      },
      () => `${this.#name} to print ${String(pattern)}; it printed ${this.#stdout}${this.#stderr}`,
      boundMs,
    );
  }

  /** Closes the reading ends of its output: what it writes from now on fails. */
  stopReading(): void {
    this.#process.stdout?.destroy();
    this.#process.stderr?.destroy();
  }

  /** Leaves what it prints to standard output in the pipe, which fills. */
  holdOutput(): void {
    this.#process.stdout?.pause();
  }

  /** Reads on. */
  releaseOutput(): void {
    this.#process.stdout?.resume();
  }

  signal(name: NodeJS.Signals): void {
    const { pid } = this.#process;
    if (this.exit !== undefined || pid === undefined) return;
    try {
      // Not the child's own `kill`, whose second call does nothing on Deno.
      process.kill(pid, name);
    } catch {
      // Gone already; `exit` follows.
    }
  }

  ended(boundMs: number = BOUND_MS): Promise<Exit> {
    return this.#changes.until(() => this.exit, `${this.#name} to end`, boundMs);
  }

  /** Kills it and waits. */
  async stop(): Promise<void> {
    this.signal("SIGKILL");
    await within(this.ended(), `${this.#name} to be gone`);
  }

  #memory(name: "VmRSS" | "VmHWM"): number {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? Number.NaN) * 1024;
  }

  /** Resident memory in bytes, children not included. */
  rss(): number {
    return this.#memory("VmRSS");
  }

  /** Most resident memory since the start or the last `forgetPeak`, in bytes. */
  peakRss(): number {
    return this.#memory("VmHWM");
  }

  forgetPeak(): void {
    writeFileSync(`/proc/${this.pid}/clear_refs`, "5");
  }
}
