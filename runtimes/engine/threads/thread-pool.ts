/** All threads that answer requests: begins them, and replaces those that are lost. */
import { clearTimeout, setTimeout } from "node:timers";
import type { LogEvent } from "../../../src/observe/event-log.ts";
import type { Serving } from "../../serving.ts";
import type { ServingThread } from "./serving-thread.ts";
import type { ThreadLoss } from "./thread-loss.ts";

export interface ThreadPoolOptions {
  readonly size: number;
  /** Makes the thread for a place, from 0 to `size - 1`. */
  readonly create: (place: number, lost: (loss: ThreadLoss) => void) => ServingThread;
  /** A thread is ready that takes a lost one's place. */
  readonly welcome: (thread: ServingThread) => void;
  /** Brings a thread up to date. Another takes its place where this rejects. */
  readonly renew: (thread: ServingThread) => Promise<void>;
  /** A thread was lost, or could not take a place: another one takes it in `retryMs`. */
  readonly onLoss: (loss: PlaceLoss) => void;
  readonly now: () => number;
}

export interface PlaceLoss extends ThreadLoss {
  readonly place: number;
  readonly thread: ServingThread;
  readonly retryMs: number;
  /** Threads that answer requests now. */
  readonly running: number;
}

/**
 * @param cut how many requests it was answering
 * @param leavesSockets whether its sockets stay open, its share of the listeners' connections included
 */
export const threadLost = (
  { place, kind, detail, retryMs, running }: PlaceLoss,
  cut: number,
  leavesSockets = false,
): LogEvent => {
  const later = retryMs === 0 ? "" : ` in ${retryMs} ms`;
  const left = leavesSockets
    ? ". This runtime leaves its sockets open, and connections that they get hang: restart the process soon"
    : "";
  return {
    category: "server.thread",
    level: "error",
    message: `thread ${place + 1} has ended: ${detail}; another takes its place${later}${left}`,
    facts: { thread: place + 1, cause: kind, cut, running },
  };
};

/** A thread that has run so long is not one that can't run at all. */
const SETTLED_MS = 10_000;
const FIRST_RETRY_MS = 200;
const MOST_RETRY_MS = 10_000;

interface Place {
  thread: ServingThread | undefined;
  /** Undefined until it is ready. */
  readyAt: number | undefined;
  /** Threads lost in a row soon after they began. */
  quickLosses: number;
  retry: ReturnType<typeof setTimeout> | undefined;
}

export class ThreadPool {
  readonly #options: ThreadPoolOptions;
  readonly #places: readonly Place[];
  #isOpen = true;
  #hasStarted = false;

  constructor(options: ThreadPoolOptions) {
    this.#options = options;
    this.#places = Array.from({ length: options.size }, () => ({
      thread: undefined,
      readyAt: undefined,
      quickLosses: 0,
      retry: undefined,
    }));
  }

  /** Each place, with the thread in it that accepts connections, and when it began, in the clock's milliseconds. */
  get places(): readonly { readonly thread: ServingThread | undefined; readonly startedAt: number }[] {
    return this.#places.map(({ thread, readyAt }) => ({
      thread: readyAt === undefined ? undefined : thread,
      startedAt: readyAt ?? this.#options.now(),
    }));
  }

  /** Those that accept connections. */
  get running(): readonly ServingThread[] {
    return this.#places.flatMap(({ thread, readyAt }) =>
      thread === undefined || readyAt === undefined ? [] : [thread],
    );
  }

  /** Every thread, also those that are not ready yet. */
  get threads(): readonly ServingThread[] {
    return this.#places.flatMap(({ thread }) => (thread === undefined ? [] : [thread]));
  }

  /** Resolves to the address of all when all are ready. Rejects with what the first says that can't begin; then none is left. */
  async start(): Promise<Serving["address"]> {
    const begun = this.#places.map(async (place, index) => {
      const thread = this.#begin(place, index);
      const address = await thread.ready;
      if (place.thread === thread) place.readyAt = this.#options.now();
      return address;
    });
    try {
      const [address] = await Promise.all(begun);
      if (address === undefined) throw new TypeError("there is no place for a thread");
      this.#hasStarted = true;
      return address;
    } catch (error) {
      await this.close((thread) => thread.terminate());
      throw error;
    }
  }

  /** Brings a running thread up to date, or has another one take its place. */
  async renew(thread: ServingThread): Promise<void> {
    try {
      await this.#options.renew(thread);
    } catch (error) {
      await this.#giveUp(thread, error);
    }
  }

  /** Replaces none from now on, and ends each of them. */
  async close<Result>(end: (thread: ServingThread) => Promise<Result>): Promise<readonly Result[]> {
    this.#isOpen = false;
    for (const { retry } of this.#places) clearTimeout(retry);
    return Promise.all(this.threads.map(end));
  }

  #begin(place: Place, index: number): ServingThread {
    const thread = this.#options.create(index, (loss) => {
      if (place.thread === thread) this.#lost(place, index, loss);
    });
    place.thread = thread;
    place.readyAt = undefined;
    return thread;
  }

  async #replace(place: Place, index: number): Promise<void> {
    const thread = this.#begin(place, index);
    try {
      await thread.ready;
      this.#options.welcome(thread);
      await this.#options.renew(thread);
      place.readyAt = this.#options.now();
    } catch (error) {
      await this.#giveUp(thread, error);
    }
  }

  async #giveUp(thread: ServingThread, error: unknown): Promise<void> {
    const index = this.#places.findIndex((each) => each.thread === thread);
    const place = this.#places[index];
    // One that ended by itself is reported as lost.
    if (place === undefined || !this.#isOpen) return;
    await thread.terminate();
    if (place.thread !== thread) return;
    const detail = error instanceof Error ? error.message : String(error);
    this.#lost(place, index, { kind: "error", detail });
  }

  #lost(place: Place, index: number, loss: ThreadLoss): void {
    const { thread, readyAt } = place;
    if (thread === undefined || !this.#isOpen) return;
    // `start` fails with it.
    if (!this.#hasStarted && readyAt === undefined) return;
    const ranMs = readyAt === undefined ? 0 : this.#options.now() - readyAt;
    place.quickLosses = ranMs < SETTLED_MS ? place.quickLosses + 1 : 0;
    place.thread = undefined;
    place.readyAt = undefined;
    // At once, unless it is not the first time.
    const retryMs =
      place.quickLosses < 2 ? 0 : Math.min(MOST_RETRY_MS, FIRST_RETRY_MS * 2 ** (place.quickLosses - 2));
    place.retry = setTimeout(() => void this.#replace(place, index), retryMs);
    this.#options.onLoss({ ...loss, place: index, thread, retryMs, running: this.running.length });
  }
}
