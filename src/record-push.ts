/** Pushes spans or log records to an OpenTelemetry collector: gathered, encoded, queued, sent. */
import type { Cancel, Clock } from "./core/platform.ts";
import type { ExportQueue } from "./otlp/export-queue.ts";
import type { RecordEncoding } from "./otlp-records.ts";
import type { UpkeepTask } from "./upkeep.ts";

export interface RecordPushOptions<Item> {
  readonly encoding: Pick<RecordEncoding<Item>, "encode">;
  readonly queue: ExportQueue;
  readonly clock: Clock;
  /** Whether timers go on between requests. Where they don't, `runDue` is called with each. */
  readonly isBackground: boolean;
}

/** Items of this time are sent together. */
const GATHER_MS = 1_000;
/** As many are encoded at once; gathering ends with them. */
const BATCH = 512;
/** A push that takes longer than any may has ended with the request that it belonged to, where that can happen. */
const LOST_AFTER_MS = 60_000;

/** Holds at most one batch of items, and as many bytes of encoded ones as the queue allows. */
export class RecordPush<Item> implements UpkeepTask {
  readonly #options: RecordPushOptions<Item>;
  #items: Item[] = [];
  #cancelTimer: Cancel | undefined;
  #pendingSince: number | undefined;

  constructor(options: RecordPushOptions<Item>) {
    this.#options = options;
  }

  add(item: Item): void {
    this.#items.push(item);
    if (this.#items.length >= BATCH) this.#encode();
    const { isBackground, clock } = this.#options;
    if (!isBackground) return;
    this.#cancelTimer ??= clock.after(GATHER_MS, () => void this.push());
  }

  /** Sends what there is now. */
  async push(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#encode();
    await this.#options.queue.send();
  }

  /** Sends what is left, within `ms` milliseconds; what can't be sent is lost. */
  async flush(ms: number): Promise<void> {
    this.#cancelTimer?.();
    this.#encode();
    await this.#options.queue.flush(ms);
  }

  start(): void {}

  stop(): void {}

  /**
   * Where nothing goes on between requests: waits a moment, so that what this request brings about is sent too, and pushes. Only
   * one request at a time does.
   */
  async runDue(): Promise<void> {
    const { clock } = this.#options;
    const now = clock.now();
    if (this.#pendingSince !== undefined && now - this.#pendingSince < LOST_AFTER_MS) return;
    this.#pendingSince = now;
    try {
      await new Promise<void>((resolve) => void clock.after(GATHER_MS, resolve));
      await this.push();
    } finally {
      this.#pendingSince = undefined;
    }
  }

  #encode(): void {
    const items = this.#items;
    if (items.length === 0) return;
    this.#items = [];
    const body = this.#options.encoding.encode(items);
    if (body !== undefined) this.#options.queue.push({ body, items: items.length });
  }
}
