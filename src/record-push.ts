/** Pushes spans or log records to an OpenTelemetry collector: gathered, encoded, queued, sent. */
import type { Cancel, Clock } from "./core/platform.ts";
import type { ExportQueue } from "./otlp/export-queue.ts";
import type { RecordEncoding } from "./otlp-records.ts";

/** What it takes to send. */
export interface RecordExport<Item> {
  readonly encoding: Pick<RecordEncoding<Item>, "encode">;
  readonly queue: ExportQueue;
}

export interface RecordPushOptions<Item> {
  /** Told after a push how many items were lost since the one before. */
  readonly lost: (items: number) => void;
  /** Called once, when the first items are to be sent. */
  readonly load: () => Promise<RecordExport<Item>>;
  readonly clock: Clock;
  /** Whether timers go on between requests. Where they don't, `runDue` is called with each. */
  readonly isBackground: boolean;
}

/** Items of this time are sent together. */
const GATHER_MS = 1_000;
/** As many are sent at once; gathering ends with them. */
const BATCH = 512;
/** More are not kept while others are being encoded. */
const MOST_ITEMS = 4 * BATCH;
/** Work behind a response may take half a minute on Workers. */
const LONGEST_WAIT_MS = 20_000;
/** A push that takes longer than any may has ended with the request that it belonged to, where that can happen. */
const LOST_AFTER_MS = 60_000;

/** Holds a bounded number of items, and as many bytes of encoded ones as the queue allows. */
export class RecordPush<Item> {
  readonly #options: RecordPushOptions<Item>;
  #items: Item[] = [];
  #loaded: Promise<RecordExport<Item>> | undefined;
  #cancelTimer: Cancel | undefined;
  #pendingSince: number | undefined;
  /** That called `runDue`. */
  #requests = 0;
  /** Items that were not kept. */
  #notKept = 0;
  #told = 0;

  constructor(options: RecordPushOptions<Item>) {
    this.#options = options;
  }

  add(item: Item): void {
    if (this.#items.length >= MOST_ITEMS) {
      this.#notKept += 1;
      return;
    }
    this.#items.push(item);
    const { isBackground, clock } = this.#options;
    if (!isBackground) return;
    if (this.#items.length === BATCH) void this.push();
    else this.#cancelTimer ??= clock.after(GATHER_MS, () => void this.push());
  }

  /** Items that were not kept. */
  get notKept(): number {
    return this.#notKept;
  }

  /** Sends what there is now. */
  async push(): Promise<void> {
    const queue = await this.#encoded();
    if (queue === undefined) return;
    await queue.send();
    const lost = queue.counts.lostItems + this.#notKept;
    if (lost > this.#told) this.#options.lost(lost - this.#told);
    this.#told = lost;
  }

  /** Sends what is left, within `ms` milliseconds; what can't be sent is lost. */
  async flush(ms: number): Promise<void> {
    await (await this.#encoded())?.flush(ms);
  }

  /**
   * Where nothing goes on between requests: waits a moment, so that what this request brings about is sent too, and pushes. One
   * request does so for those that come meanwhile.
   */
  async runDue(): Promise<void> {
    const { clock } = this.#options;
    const startedAt = clock.now();
    this.#requests += 1;
    if (this.#pendingSince !== undefined && startedAt - this.#pendingSince < LOST_AFTER_MS) return;
    this.#pendingSince = startedAt;
    try {
      let seen: number;
      do {
        seen = this.#requests;
        await new Promise<void>((resolve) => void clock.after(GATHER_MS, resolve));
        await this.push();
      } while (this.#requests > seen && clock.now() - startedAt < LONGEST_WAIT_MS);
    } finally {
      this.#pendingSince = undefined;
    }
  }

  /** The queue, with all items in it; undefined where there never were any. */
  async #encoded(): Promise<ExportQueue | undefined> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#items.length > 0) this.#loaded ??= this.#options.load();
    if (this.#loaded === undefined) return undefined;
    const { encoding, queue } = await this.#loaded;
    const items = this.#items;
    this.#items = [];
    const body = items.length === 0 ? undefined : encoding.encode(items);
    if (body !== undefined) queue.push({ body, items: items.length });
    return queue;
  }
}
