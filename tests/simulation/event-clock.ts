/** Virtual time: the next event is always now. */
import type { Cancel, Clock } from "../../src/core/platform.ts";

interface Event {
  readonly at: number;
  /** Events of one moment run in the order in which they were made. */
  readonly order: number;
  run: (() => void) | undefined;
}

/** A heap of events. Promises settle between any two of them, as between turns of a real event loop. */
export class EventClock implements Clock {
  readonly #heap: Event[] = [];
  #now = 0;
  #order = 0;
  #pending = 0;

  now(): number {
    return this.#now;
  }
  epoch(): number {
    return Date.UTC(2030, 0, 1) + this.#now;
  }
  /** Events that were neither run nor cancelled. */
  get pending(): number {
    return this.#pending;
  }

  after(ms: number, run: () => void): Cancel {
    const event: Event = { at: this.#now + Math.max(0, ms), order: this.#order++, run };
    this.#push(event);
    this.#pending += 1;
    return () => {
      if (event.run === undefined) return;
      event.run = undefined;
      this.#pending -= 1;
    };
  }

  /** Runs events until `end`, or until there is none. */
  async run(end: number): Promise<void> {
    for (;;) {
      await settled();
      const event = this.#next();
      if (event?.run === undefined || event.at > end) break;
      this.#pop();
      this.#now = event.at;
      const { run } = event;
      event.run = undefined;
      this.#pending -= 1;
      run();
    }
    this.#now = Math.max(this.#now, end);
  }

  /** The first event that was not cancelled, left in its place. */
  #next(): Event | undefined {
    for (;;) {
      const event = this.#heap[0];
      if (event === undefined || event.run !== undefined) return event;
      this.#pop();
    }
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(event, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const [left, right] = [heap[child], heap[child + 1]];
      if (left === undefined) break;
      if (right !== undefined && isBefore(right, left)) child += 1;
      const least = heap[child];
      if (least === undefined || !isBefore(least, last)) break;
      heap[at] = least;
      at = child;
    }
    heap[at] = last;
  }
}

const isBefore = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** More turns than any chain of promises in the code has links; a turn of the real event loop would cost five times as much. */
const TURNS = 32;
const DONE = Promise.resolve();

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < TURNS; turn++) await DONE;
};
