/** Lines on their way to a device that may be slow, full or gone. */
import { Buffer } from "node:buffer";
import type { LinesLost, LogOutput } from "../../../src/core/log-output.ts";
import type { Clock } from "../../../src/core/platform.ts";
import { errorCode } from "../../error-code.ts";

/** What lines are written to. */
export interface LogDevice {
  readonly isTerminal: boolean;
  /** How long lines are gathered before they are written together. */
  readonly gatherMs: number;
  /** Writes whole lines. Resolves when all is written, however long that takes. Never runs twice at a time. */
  write(bytes: Uint8Array): Promise<void>;
  /** Opens what can be opened anew. */
  reopen(): Promise<void>;
}

/** Most characters that wait, besides those that are being written. */
const MAX_WAITING = 1024 * 1024;
/** From this many characters on the lines are written at once. */
const GATHER_CHARACTERS = 64 * 1024;
/** Losses are reported this long after the first one, in one line. */
const REPORT_AFTER_MS = 1_000;

/** Gathers lines, writes one batch at a time, and loses those that come while too many wait. */
export class BufferedOutput implements LogOutput {
  readonly isTerminal: boolean;
  readonly #device: LogDevice;
  readonly #clock: Clock;
  /** Reports lines that were lost; false where the report itself was lost. */
  lost: LinesLost;
  #waiting = "";
  #isScheduled = false;
  #isWriting = false;
  #isStale = false;
  #losses = 0;
  #why = "";
  #idle: (() => void)[] = [];

  constructor(device: LogDevice, clock: Clock, lost: LinesLost) {
    this.#device = device;
    this.#clock = clock;
    this.lost = lost;
    this.isTerminal = device.isTerminal;
  }

  write(line: string): boolean {
    if (this.#waiting.length + line.length > MAX_WAITING) {
      this.#lose(1, "they came faster than they could be written");
      return false;
    }
    // Reading a character makes the engine flatten the string. Unflattened, all the pieces that the line was put together from
    // would stay in memory with it, and the garbage collector would copy them again and again.
    line.charCodeAt(0);
    this.#waiting += `${line}\n`;
    if (this.#isWriting) return true;
    if (this.#waiting.length >= GATHER_CHARACTERS) this.#start();
    else if (!this.#isScheduled) {
      this.#isScheduled = true;
      this.#clock.after(this.#device.gatherMs, () => this.#start());
    }
    return true;
  }

  reopen(): void {
    this.#isStale = true;
    this.#start();
  }

  /** Resolves once nothing waits. */
  async flushed(): Promise<void> {
    this.#start();
    if (!this.#isWriting) return;
    await new Promise<void>((resolve) => void this.#idle.push(resolve));
  }

  #start(): void {
    this.#isScheduled = false;
    if (!this.#isWriting) void this.#run();
  }

  /** Until nothing waits. */
  async #run(): Promise<void> {
    this.#isWriting = true;
    while (this.#isStale || this.#waiting !== "") {
      const batch = this.#waiting;
      this.#waiting = "";
      try {
        if (this.#isStale) await this.#device.reopen();
        this.#isStale = false;
        if (batch !== "") await this.#device.write(Buffer.from(batch));
      } catch (thrown) {
        this.#isStale = false;
        this.#lose(batch.split("\n").length - 1, reasonOf(thrown));
      }
    }
    this.#isWriting = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #lose(lines: number, why: string): void {
    if (lines === 0) return;
    if (this.#losses === 0) this.#clock.after(REPORT_AFTER_MS, () => this.#reportLosses());
    this.#losses += lines;
    this.#why = why;
  }

  /** The report may go to this output, which may be full: then it is tried again later. */
  #reportLosses(): void {
    const lines = this.#losses;
    this.#losses = 0;
    if (this.lost(lines, this.#why)) return;
    // The report was counted as a lost line too; it is not one of those that it reports.
    if (this.#losses > 0) this.#losses += lines - 1;
    else this.#lose(lines, this.#why);
  }
}

/** By its code: a message may hold what nobody should see. */
const reasonOf = (thrown: unknown): string => {
  const code = errorCode(thrown);
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return "no space is left";
    case "EPIPE":
      return "nobody reads them";
    default:
      return code === undefined ? "writing failed" : `writing failed (${code})`;
  }
};
