/** What several threads have in use together. */
import type { Tally } from "../../../src/core/thread-share.ts";
import { CountTable, type SharedCounts, sharedCounts } from "./count-table.ts";

/** Can be sent with `postMessage`. */
export interface SharedTallies {
  readonly names: SharedCounts;
  readonly clients: SharedCounts;
}

export const sharedTallies = (threads: number): SharedTallies => ({
  names: sharedCounts(threads, 2 ** 13),
  clients: sharedCounts(threads, 2 ** 15),
});

/** Of a tally that nothing in this thread refers to any more. */
interface Dropped {
  readonly name: string;
  readonly at: number;
}

/**
 * One thread's view.
 *
 * A name keeps its slot for as long as some thread refers to its tally: by the plan in effect, or by an earlier one whose last exchange
 * has not ended. Nothing tells when that reference is the last, so the slot is released when the tally is collected as garbage.
 */
export class Tallies {
  readonly #names: CountTable;
  readonly #clients: CountTable;
  readonly #tallies: Map<string, WeakRef<Tally>> = new Map();
  readonly #dropped = new FinalizationRegistry<Dropped>(({ name, at }) => {
    this.#names.locked(() => this.#names.release(at));
    // The name may have been asked for again, and have a new tally.
    if (this.#tallies.get(name)?.deref() === undefined) this.#tallies.delete(name);
  });

  /** @param row of the thread, from 0 */
  constructor({ names, clients }: SharedTallies, row: number) {
    this.#names = new CountTable(names, row);
    this.#clients = new CountTable(clients, row);
  }

  tally(name: string): Tally {
    const known = this.#tallies.get(name)?.deref();
    if (known !== undefined) return known;
    const at = this.#hold(name);
    // Without room each thread has a limit of its own: a long config or list of endpoints must not end a thread.
    const made = at === undefined ? new OwnTally() : new SlotTally(this.#names, at);
    this.#tallies.set(name, new WeakRef(made));
    if (at !== undefined) this.#dropped.register(made, { name, at });
    return made;
  }

  #hold(name: string): number | undefined {
    const names = this.#names;
    return names.locked(() => {
      const at = names.findOrMake(name, (slot) => !names.isHeldAt(slot));
      if (at !== undefined) names.hold(at);
      return at;
    });
  }

  /** Adds one for a client, unless there would be more than `limit`. Counts nothing where there are too many clients to tell apart. */
  tryAddClient(client: string, limit: number): boolean {
    const table = this.#clients;
    return table.locked(() => {
      const at = table.findOrMake(client, (slot) => table.totalAt(slot) === 0);
      if (at === undefined) return true;
      if (table.totalAt(at) >= limit) return false;
      table.addAt(at, 1);
      return true;
    });
  }

  removeClient(client: string): void {
    const table = this.#clients;
    table.locked(() => {
      const at = table.find(client);
      if (at !== undefined && table.ownAt(at) > 0) table.addAt(at, -1);
    });
  }

  /** Takes back all of the thread of `row`, which has ended. */
  clear(row: number): void {
    this.#names.clear(row);
    this.#clients.clear(row);
  }
}

/** Of this thread alone. */
class OwnTally implements Tally {
  #count = 0;

  get total(): number {
    return this.#count;
  }
  get own(): number {
    return this.#count;
  }

  tryAdd(limit: number): boolean {
    if (this.#count >= limit) return false;
    this.add();
    return true;
  }

  add(): void {
    this.#count += 1;
  }

  remove(): void {
    this.#count -= 1;
  }
}

class SlotTally implements Tally {
  readonly #table: CountTable;
  readonly #at: number;

  constructor(table: CountTable, at: number) {
    this.#table = table;
    this.#at = at;
  }

  get total(): number {
    return this.#table.totalAt(this.#at);
  }
  get own(): number {
    return this.#table.ownAt(this.#at);
  }

  tryAdd(limit: number): boolean {
    if (this.total >= limit) return false;
    this.add();
    // Another thread may have been between the two lines.
    if (this.total <= limit) return true;
    this.remove();
    return false;
  }

  add(): void {
    this.#table.addAt(this.#at, 1);
  }

  remove(): void {
    this.#table.addAt(this.#at, -1);
  }
}
