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
  /** Called after a push with the number of items lost since the push before. */
  readonly lost: (items: number) => void;
  /** Called once, when the first items are to be sent. */
  readonly load: () => Promise<RecordExport<Item>>;
  readonly clock: Clock;
  /** Whether timers go on between requests. Where they don't, `runDue` is called with each. */
  readonly isBackground: boolean;
}

/** Items of this time are sent together. */
const GATHER_MS = 1_000;
/** Most items of a request. That many are sent at once. */
const BATCH = 512;
/** Most items that wait to be encoded. */
const MOST_ITEMS = 4 * BATCH;
/** Work after a response may take half a minute on Workers. */
const LONGEST_WAIT_MS = 20_000;
/** A push that has not ended by then was stopped together with its request, as Workers do. */
const LOST_AFTER_MS = 60_000;

/** Holds at most `MOST_ITEMS` items, and as many bytes of encoded ones as the queue allows. */
export class RecordPush<Item> {
  readonly #options: RecordPushOptions<Item>;
  #items: Item[] = [];
  #loaded: Promise<RecordExport<Item>> | undefined;
  #cancelTimer: Cancel | undefined;
  #pendingSince: number | undefined;
  /** Calls of `runDue` so far. */
  #requests = 0;
  #notKept = 0;
  #reportedLost = 0;

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

  /** Items that were dropped because too many waited. */
  get notKept(): number {
    return this.#notKept;
  }

  /** Sends what there is now. Never rejects. */
  async push(): Promise<void> {
    const queue = await this.#encoded();
    await queue?.send();
    this.#reportLost(queue);
  }

  /** Sends what is left, within `ms` milliseconds; what can't be sent is lost, and reported. Never rejects. */
  async flush(ms: number): Promise<void> {
    const { clock } = this.#options;
    const endsAt = clock.now() + ms;
    const queue = await this.#encoded();
    await queue?.flush(endsAt - clock.now());
    this.#reportLost(queue);
  }

  #reportLost(queue: ExportQueue | undefined): void {
    const lost = (queue?.counts.lostItems ?? 0) + this.#notKept;
    if (lost > this.#reportedLost) this.#options.lost(lost - this.#reportedLost);
    this.#reportedLost = lost;
  }

  /**
   * For runtimes without timers between requests: waits a second, so that this request's own items are sent too, and pushes. One
   * call does so for the requests that come meanwhile.
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

  /** Encodes all items into the queue; what can't be encoded is lost. Undefined where there never were any. */
  async #encoded(): Promise<ExportQueue | undefined> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#items.length > 0) this.#loaded ??= this.#options.load();
    if (this.#loaded === undefined) return undefined;
    const loaded = await this.#loaded.catch(() => undefined);
    const items = this.#items;
    this.#items = [];
    if (items.length === 0) return loaded?.queue;
    const body = loaded && encoded(loaded.encoding, items);
    if (body === undefined) this.#notKept += items.length;
    else loaded?.queue.push({ body, items: items.length });
    return loaded?.queue;
  }
}

/** Undefined where they can't be encoded: what a request holds must not end the process. */
const encoded = <Item>(
  encoding: RecordExport<Item>["encoding"],
  items: readonly Item[],
): Uint8Array<ArrayBuffer> | undefined => {
  try {
    return encoding.encode(items);
  } catch {
    return undefined;
  }
};
