/** A cap on requests in progress, with a bounded queue in front of it. */
import { ProxyError, asProxyError } from "../core/errors.ts";
import type { Exchange } from "../core/exchange.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Cancel, Clock } from "../core/platform.ts";
import type { Layer } from "../core/service.ts";
import type { Tally } from "../core/thread-share.ts";
import type { AdaptiveLimit } from "./adaptive-limit.ts";

/** How many requests may be in progress. */
export interface Limit {
  readonly current: number;
}

export interface ConcurrencyOptions {
  readonly clock: Clock;
  readonly limit: Limit | AdaptiveLimit;
  /** Most requests that wait; further ones are refused at once. 0 is no queue. */
  readonly queue: number;
  /** Longest wait in the queue. */
  readonly queueMs: number;
  /** Where the limit is one for several threads. */
  readonly together?: Together | undefined;
}

/** What the gates of several threads have in common. */
export interface Together {
  readonly threads: number;
  readonly inProgress: Tally;
  readonly waiting: Tally;
}

/** How often a thread looks whether another one has left it room. */
const LOOK_MS = 5;

interface Waiting {
  readonly enter: () => void;
  readonly refuse: (error: ProxyError) => void;
}

/**
 * Counts requests in progress. When one leaves, the one that has waited longest enters.
 *
 * Of several threads, each may always have its share of the limit in progress, and more while nobody else waits.
 */
export class ConcurrencyGate {
  readonly #options: ConcurrencyOptions;
  readonly #waiting: Set<Waiting> = new Set();
  #inProgress = 0;
  #isLooking = false;

  constructor(options: ConcurrencyOptions) {
    this.#options = options;
  }

  get inProgress(): number {
    return this.#inProgress;
  }
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Enters if there is room, and returns whether there was. Who entered MUST call `leave`. */
  tryEnter(): boolean {
    const { limit, together } = this.#options;
    if (this.#yields()) return false;
    if (
      together === undefined ? this.#inProgress >= limit.current : !together.inProgress.tryAdd(limit.current)
    )
      return false;
    this.#inProgress += 1;
    return true;
  }

  /** Resolves when there is room. @throws ProxyError `overloaded`, or why the exchange was cancelled */
  wait({ cancellation }: Exchange): Promise<void> {
    const { queue, queueMs, clock, together } = this.#options;
    if ((together?.waiting.total ?? this.#waiting.size) >= queue)
      return Promise.reject(overloaded("the queue is full"));
    return new Promise((resolve, reject) => {
      let stop: Cancel = () => {};
      let unsubscribe: Cancel = () => {};
      const done = (): void => {
        if (this.#waiting.delete(place)) together?.waiting.remove();
        stop();
        unsubscribe();
      };
      const place: Waiting = {
        enter: () => {
          done();
          resolve();
        },
        refuse: (error) => {
          done();
          reject(error);
        },
      };
      this.#waiting.add(place);
      together?.waiting.add();
      this.#look();
      stop = clock.after(queueMs, () => place.refuse(overloaded(`no room within ${queueMs} ms`)));
      unsubscribe = cancellation.subscribe(place.refuse);
    });
  }

  leave(): void {
    this.#inProgress -= 1;
    this.#options.together?.inProgress.remove();
    this.#admit();
  }

  #admit(): void {
    for (const place of this.#waiting) {
      if (!this.tryEnter()) return;
      place.enter();
    }
  }

  /** Whether the next place is for another thread, which waits while this one has its share. */
  #yields(): boolean {
    const { together, limit } = this.#options;
    if (together === undefined || together.waiting.total === this.#waiting.size) return false;
    return this.#inProgress >= limit.current / together.threads;
  }

  /** While requests wait here that another thread may make room for. */
  #look(): void {
    const { together, clock } = this.#options;
    if (together === undefined || this.#isLooking) return;
    this.#isLooking = true;
    clock.after(LOOK_MS, () => {
      this.#isLooking = false;
      this.#admit();
      if (this.#waiting.size > 0) this.#look();
    });
  }
}

const overloaded = (why: string): ProxyError =>
  new ProxyError("overloaded", {
    detail: `too much in progress: ${why}`,
    headers: { "retry-after": "1" },
  });

/** Holds a place in the gate for each request, until its attempt's body has ended. */
export const concurrencyCap =
  (gate: ConcurrencyGate, { limit, clock }: Pick<ConcurrencyOptions, "limit" | "clock">): Layer =>
  (next) => {
    const run = async (exchange: Exchange): ReturnType<typeof next> => {
      let isInside = true;
      const startedAt = clock.now();
      const leave = (outcome: Outcome | undefined): void => {
        if (!isInside) return;
        isInside = false;
        if ("observe" in limit) limit.observe(outcome, startedAt, gate.inProgress);
        gate.leave();
      };
      const onAttemptEnd = (outcome: Outcome): void => {
        leave(outcome);
        exchange.onAttemptEnd?.(outcome);
      };
      try {
        return await next({ ...exchange, onAttemptEnd });
      } catch (thrown) {
        // There may have been no attempt.
        leave(undefined);
        throw asProxyError(thrown);
      }
    };
    return (exchange) => (gate.tryEnter() ? run(exchange) : gate.wait(exchange).then(() => run(exchange)));
  };
