/** A program in a terminal of its own, by `script` of util-linux: what it shows, and keys for it. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { BOUND_MS, Watched, within } from "./bound.ts";

// oxlint-disable-next-line no-control-regex -- what steers the terminal is what this looks for
const SEQUENCE = /\u001b\[[0-?]*[@-~]/g;
const SCRIPT = "/usr/bin/script";

export const hasPseudoTerminals = (): boolean => existsSync(SCRIPT);

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export class PseudoTerminal {
  readonly #process: ChildProcess;
  readonly #changes: Watched = new Watched();
  #output = "";
  exitCode: number | undefined;

  constructor(command: readonly string[], env: Readonly<Record<string, string>>, size: TerminalSize) {
    const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
    const line = `stty cols ${size.columns} rows ${size.rows}; exec ${quoted}`;
    this.#process = spawn(SCRIPT, ["--quiet", "--flush", "--return", "--command", line, "/dev/null"], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"], TERM: "xterm", ...env },
    });
    this.#process.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#output += text;
      this.#changes.changed();
    });
    this.#process.on("close", (code) => {
      this.exitCode = code ?? -1;
      this.#changes.changed();
    });
  }

  /** All that was written, with what steers the terminal. */
  get output(): string {
    return this.#output;
  }

  /** The screen as it was drawn last, a line each, without colours; undefined before the first. */
  get screen(): readonly string[] | undefined {
    // Each frame begins at the upper left corner and ends by clearing what is below.
    const frames = this.#output.split("\u001b[H").slice(1);
    const last = frames.findLast((frame) => frame.includes("\u001b[J"));
    return last?.slice(0, last.indexOf("\u001b[J")).replaceAll(SEQUENCE, "").split(/\r*\n/);
  }

  /** Resolves once `is` finds something on the screen. */
  shows<Found>(
    is: (screen: readonly string[]) => Found | undefined,
    what: string,
    boundMs: number = BOUND_MS,
  ): Promise<Found> {
    return this.#changes.until(
      () => {
        const { screen } = this;
        if (this.exitCode !== undefined) throw new Error(`it ended with ${this.exitCode}: ${this.#output}`);
        return screen === undefined ? undefined : is(screen);
      },
      () => `the terminal to show ${what}; it shows ${this.screen?.join("\n") ?? this.#output}`,
      boundMs,
    );
  }

  type(keys: string): void {
    this.#process.stdin?.write(keys);
  }

  /** The exit code, once it has ended. */
  ended(): Promise<number> {
    return this.#changes.until(() => this.exitCode, "the program in the terminal to end");
  }

  async stop(): Promise<void> {
    if (this.exitCode !== undefined) return;
    // `script` ends what runs in its terminal.
    this.#process.kill("SIGTERM");
    await within(this.ended(), "the terminal to be gone");
  }
}
