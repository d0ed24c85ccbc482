/** A buffer of lines in front of a device that may be slow, full or gone. */
import { LineBuffer } from "../../../src/core/line-buffer.ts";
import type { LinesLost, LogOutput } from "../../../src/core/log-output.ts";
import type { Clock } from "../../../src/core/platform.ts";
import { errorCode } from "../../error-code.ts";

/** What lines are written to. */
export interface LogDevice {
  readonly isTerminal: boolean;
  /** Lines are gathered for this long and written together. */
  readonly gatherMs: number;
  /**
   * Writes whole lines. Resolves when all is written, however long that takes; the memory of `bytes` is reused after that. Never
   * called while an earlier call goes on.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Opens what can be opened anew. */
  reopen(): Promise<void>;
  /** Closes what the next `write` or `reopen` can open again. */
  close(): Promise<void>;
}

/** Whole lines of another thread. */
interface Batch {
  readonly bytes: Uint8Array;
  readonly written: () => void;
  readonly failed: (reason: unknown) => void;
}

/** Most bytes that wait, besides those that are being written. */
const MAX_WAITING = 1024 * 1024;
/**
 * From this many bytes on, gathered lines are written at once. Waking the thread that writes costs as much CPU time as writing some
 * 200 KiB, so large batches are cheaper.
 */
const GATHER_BYTES = 512 * 1024;
/** Losses are reported this long after the first one, in one line. */
const REPORT_AFTER_MS = 1_000;

/** Gathers lines, writes one batch at a time, and loses those that come while too many wait. */
export class BufferedOutput implements LogOutput {
  readonly isTerminal: boolean;
  readonly #device: LogDevice;
  readonly #clock: Clock;
  /** Called when lines were lost. */
  lost: LinesLost;
  #waiting = new LineBuffer();
  /** Being written, or empty. */
  #written = new LineBuffer();
  #isScheduled = false;
  #isWriting = false;
  #isStale = false;
  #isReleased = false;
  #losses = 0;
  #why = "";
  #idle: (() => void)[] = [];
  /** Batches of other threads. */
  readonly #batches: Batch[] = [];

  constructor(device: LogDevice, clock: Clock, lost: LinesLost) {
    this.#device = device;
    this.#clock = clock;
    this.lost = lost;
    this.isTerminal = device.isTerminal;
  }

  begin(): LineBuffer | undefined {
    if (this.#waiting.byteLength < MAX_WAITING) return this.#waiting.begin();
    this.#lose(1, "they came faster than they could be written");
    return undefined;
  }

  end(): void {
    this.#waiting.end();
    if (this.#isWriting) return;
    if (this.#waiting.byteLength >= GATHER_BYTES) this.#start();
    else if (!this.#isScheduled) {
      this.#isScheduled = true;
      this.#clock.after(this.#device.gatherMs, () => this.#start());
    }
  }

  /** Writes whole lines that another thread has gathered, which keeps what can't be written yet. Rejects where they are lost. */
  writeBatch(bytes: Uint8Array): Promise<void> {
    return new Promise((written, failed) => {
      this.#batches.push({ bytes, written, failed });
      if (!this.#isWriting) this.#start();
    });
  }

  reopen(): void {
    this.#isStale = true;
    this.#start();
  }

  /** Closes the device whenever all that waited is written, from now on. */
  release(): void {
    this.#isReleased = true;
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
    do {
      await this.#writeAll();
      if (this.#isReleased) await this.#device.close();
    } while (this.#hasWork());
    this.#isWriting = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #hasWork(): boolean {
    return this.#isStale || this.#waiting.lines > 0 || this.#batches.length > 0;
  }

  async #writeAll(): Promise<void> {
    while (this.#hasWork()) {
      const batch = this.#waiting;
      this.#waiting = this.#written;
      this.#written = batch;
      try {
        if (this.#isStale) await this.#device.reopen();
        this.#isStale = false;
        if (batch.lines > 0) await this.#device.write(batch.bytes);
      } catch (thrown) {
        this.#isStale = false;
        this.#lose(batch.lines, reasonOf(thrown));
      }
      batch.clear();
      for (const { bytes, written, failed } of this.#batches.splice(0))
        await this.#device.write(bytes).then(written, failed);
    }
  }

  #lose(lines: number, why: string): void {
    if (lines === 0) return;
    if (this.#losses === 0) this.#clock.after(REPORT_AFTER_MS, () => this.#report());
    this.#losses += lines;
    this.#why = why;
  }

  /** Reports lost lines. Where the report itself is lost, because this output is full, it is repeated later. */
  #report(): void {
    const lines = this.#losses;
    this.#losses = 0;
    if (this.lost(lines, this.#why)) return;
    // `#losses` counts the lost report too, which is not one of the lines it was about.
    if (this.#losses > 0) this.#losses += lines - 1;
    else this.#lose(lines, this.#why);
  }
}

/** By the code of the error: its message may hold secrets. */
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
