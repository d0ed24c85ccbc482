/** Time where timers outlive the request that set them. */
import type { Cancel, Clock } from "../../src/core/platform.ts";

/** The runtime's time. */
export interface TimerHost {
  now(): number;
  epoch(): number;
  /** MUST NOT keep the process alive. */
  start(ms: number, task: () => void): void;
}

/** Durations that get a queue of their own; further ones get a timer each. Configs hold a handful. */
const MAX_QUEUES = 64;
/** Longer timers of the runtimes fire at once; a queue looks again then. */
const LONGEST_MS = 2_147_483_647;

/**
 * A clock with one runtime timer per duration instead of one per request.
 *
 * A proxy sets the same few time-outs over and over and takes nearly all of them back. Those of one duration end in
 * the order in which they began, so a queue and a timer for its head are enough.
 */
export const queueClock = (host: TimerHost): Clock => {
  const queues = new Map<number, Queue>();
  return {
    now: () => host.now(),
    epoch: () => host.epoch(),
    after(ms, task) {
      let queue = queues.get(ms);
      if (queue === undefined) {
        const hasRoom = queues.size < MAX_QUEUES;
        queue = new Queue(ms, host, () => hasRoom && queues.delete(ms));
        if (hasRoom) queues.set(ms, queue);
      }
      return queue.add(task);
    },
  };
};

interface Entry {
  readonly at: number;
  task: (() => void) | undefined;
}

class Queue {
  readonly #ms: number;
  readonly #host: TimerHost;
  #entries: Entry[] = [];
  /** Entries before this one are done with. */
  #head = 0;
  #armed = false;
  /** Called when nothing is left. Random durations are used once: their queues must not keep places that other durations need. */
  readonly #onEmpty: () => void;

  constructor(ms: number, host: TimerHost, onEmpty: () => void) {
    this.#ms = ms;
    this.#host = host;
    this.#onEmpty = onEmpty;
  }

  add(task: () => void): Cancel {
    const entry: Entry = { at: this.#host.now() + this.#ms, task };
    this.#entries.push(entry);
    if (!this.#armed) this.#arm(this.#ms);
    return () => {
      entry.task = undefined;
      this.#trim();
    };
  }

  #arm(ms: number): void {
    this.#armed = true;
    this.#host.start(Math.min(LONGEST_MS, Math.max(1, Math.ceil(ms))), () => this.#due());
  }

  /** The queue counts as armed meanwhile: a task that adds to it starts no second timer. */
  #due(): void {
    const now = this.#host.now();
    try {
      for (let entry = this.#first(); entry !== undefined && entry.at <= now; entry = this.#first()) {
        this.#head++;
        entry.task?.();
      }
    } finally {
      const next = this.#first();
      if (next === undefined) {
        this.#armed = false;
        this.#onEmpty();
      } else this.#arm(next.at - now);
    }
  }

  #first(): Entry | undefined {
    this.#trim();
    return this.#entries[this.#head];
  }

  /** Forgets what was taken back at the front, and the space it took once that is most of the list. */
  #trim(): void {
    const entries = this.#entries;
    let head = this.#head;
    while (head < entries.length && entries[head]?.task === undefined) head++;
    if (head === entries.length) {
      if (head > 0) this.#entries = [];
      head = 0;
    } else if (head > 1024 && head * 2 > entries.length) {
      this.#entries = entries.slice(head);
      head = 0;
    }
    this.#head = head;
  }
}
