/**
 * A bounded queue of requests to a collector. Sends one at a time, retries failures that may pass (OTLP 1.x, "Failures"), and
 * counts what is lost.
 */
import type { Clock, Random } from "../core/platform.ts";
import type { Post, PostAnswer, SendPost } from "../core/post.ts";
import { retryAfterMs } from "../http/retry-after.ts";
import { rejectedItems } from "./collector-answer.ts";

/** A request in the queue. */
export interface Payload {
  readonly body: Uint8Array<ArrayBuffer>;
  /** Data points, spans or records in it. */
  readonly items: number;
}

export interface ExportQueueOptions extends Pick<Post, "url" | "headers" | "timeoutMs"> {
  /** Most bytes that wait. */
  readonly maxBytes: number;
  readonly send: SendPost;
  readonly clock: Clock;
  readonly random: Random;
  /**
   * Finds in a collector's answer to an accepted request how many items it has not taken. What it finds is checked; where it
   * throws, all items count as taken.
   *
   * @default none
   */
  readonly rejectedIn?: ((answer: Uint8Array) => unknown) | undefined;
  /** Called with the first answer to an accepted request that can't be read. */
  readonly unreadable?: (() => void) | undefined;
  /** Whether timers outlive requests. Where they don't, each `send` tries once. @default true */
  readonly retriesByItself?: boolean | undefined;
}

/** Outcomes of requests so far. */
export interface ExportCounts {
  readonly accepted: number;
  /** Answered with a status that is final. */
  readonly refused: number;
  /** Not answered, or answered with a status that may pass. Each is tried again. */
  readonly failed: number;
  /** Items that no collector got: refused, rejected in part, or dropped for want of room. */
  readonly lostItems: number;
  readonly queuedBytes: number;
}

const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 60_000;
/** Most that is made of a collector's `Retry-After`: a mistake there must not end the export. */
const LONGEST_RETRY_AFTER_MS = 5 * 60_000;

type Counters = { -readonly [Name in keyof ExportCounts]: number };

export class ExportQueue {
  readonly #options: ExportQueueOptions;
  readonly #waiting: Payload[] = [];
  readonly #counts: Counters = { accepted: 0, refused: 0, failed: 0, lostItems: 0, queuedBytes: 0 };
  #failuresInRow = 0;
  #hasReadAll = true;
  #retryAt = Number.NEGATIVE_INFINITY;
  #sending: Promise<void> | undefined;
  #cancelRetry: (() => void) | undefined;

  constructor(options: ExportQueueOptions) {
    this.#options = options;
  }

  get counts(): ExportCounts {
    return this.#counts;
  }

  /** Milliseconds until what waits may be sent again; undefined where nothing waits. */
  retryInMs(): number | undefined {
    if (this.#waiting.length === 0) return undefined;
    return Math.max(0, this.#retryAt - this.#options.clock.now());
  }

  /** Adds a request, and drops the oldest ones where there is no room. Sends nothing. */
  push(payload: Payload): void {
    this.#waiting.push(payload);
    this.#counts.queuedBytes += payload.body.length;
    // The first one may be on its way.
    const first = this.#sending === undefined ? 0 : 1;
    while (this.#counts.queuedBytes > this.#options.maxBytes && this.#waiting.length > first) {
      const [dropped] = this.#waiting.splice(first, 1);
      if (dropped !== undefined) this.#lose(dropped);
    }
  }

  /** Sends what waits, unless it is too early for a retry. Never rejects. */
  send(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  /** Tries for at most `ms` milliseconds to send everything; what is left is lost. */
  async flush(ms: number): Promise<void> {
    const { clock } = this.#options;
    const endsAt = clock.now() + ms;
    this.#cancelRetry?.();
    while (this.#waiting.length > 0 && clock.now() < endsAt) {
      this.#retryAt = Number.NEGATIVE_INFINITY;
      const isInTime = await this.#within(this.send(), endsAt - clock.now());
      if (!isInTime || this.#waiting.length === 0) break;
      await this.#within(new Promise(() => {}), Math.min(FLUSH_PAUSE_MS, endsAt - clock.now()));
    }
    this.#cancelRetry?.();
    for (const payload of this.#waiting.splice(0)) this.#lose(payload);
  }

  /** Whether `work` ended within `ms`. */
  #within(work: Promise<void>, ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(Math.max(0, ms), () => resolve(false));
      void work.then(() => {
        cancel();
        resolve(true);
      });
    });
  }

  async #sendAll(): Promise<void> {
    const { clock } = this.#options;
    while (this.#waiting.length > 0 && clock.now() >= this.#retryAt) {
      const [payload] = this.#waiting;
      if (payload === undefined || !(await this.#sendOne(payload))) break;
      if (this.#waiting[0] !== payload) continue;
      this.#waiting.shift();
      this.#counts.queuedBytes -= payload.body.length;
    }
    if (this.#waiting.length > 0 && this.#options.retriesByItself !== false) {
      this.#cancelRetry?.();
      this.#cancelRetry = clock.after(Math.max(0, this.#retryAt - clock.now()), () => void this.send());
    }
  }

  /** Whether the payload is done with. */
  async #sendOne({ body, items }: Payload): Promise<boolean> {
    const { url, headers, timeoutMs, send, clock } = this.#options;
    let answer: PostAnswer | undefined;
    try {
      answer = await send({ url, headers, body, timeoutMs });
    } catch {
      // Tried again like an answer that asks for it.
    }
    if (answer === undefined || RETRYABLE.has(answer.status)) {
      this.#counts.failed += 1;
      const asked =
        answer?.retryAfter === undefined
          ? undefined
          : retryAfterMs(["retry-after", answer.retryAfter], clock.epoch());
      this.#retryAt =
        clock.now() + (asked === undefined ? this.#backoffMs() : Math.min(asked, LONGEST_RETRY_AFTER_MS));
      return false;
    }
    this.#failuresInRow = 0;
    if (answer.status >= 200 && answer.status < 300) {
      this.#counts.accepted += 1;
      this.#counts.lostItems += this.#rejectedOf(answer, items);
    } else {
      this.#counts.refused += 1;
      this.#counts.lostItems += items;
    }
    return true;
  }

  #rejectedOf({ body }: PostAnswer, items: number): number {
    const { rejectedIn, unreadable } = this.#options;
    if (rejectedIn === undefined) return 0;
    const rejected = rejectedItems(body, rejectedIn, items);
    if (rejected !== undefined) return rejected;
    if (this.#hasReadAll) unreadable?.();
    this.#hasReadAll = false;
    return 0;
  }

  /** Between half and all of a bound that doubles with each failure. */
  #backoffMs(): number {
    const bound = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** this.#failuresInRow);
    this.#failuresInRow += 1;
    return bound * (0.5 + this.#options.random.float() / 2);
  }

  #lose({ body, items }: Payload): void {
    this.#counts.lostItems += items;
    this.#counts.queuedBytes -= body.length;
  }
}

/** Between attempts of a flush, which has no time for backoff. */
const FLUSH_PAUSE_MS = 200;
