/** What the main thread finds out for all: results of health checks, and endpoints that discovery lists. */
import type { CheckResult, SharedChecks } from "../../../src/core/checks.ts";
import type { Platform } from "../../../src/core/platform.ts";
import type {
  Discover,
  DiscoveryOrder,
  SourceListener,
  SourceUpdate,
} from "../../../src/core/endpoint-source.ts";

/** What is known so far, for a thread that begins. Plain data. */
export interface Findings {
  readonly checks: readonly CheckResult[];
  /** What each source has reported last, by `orderKey`. */
  readonly lists: readonly (readonly [key: string, update: SourceUpdate])[];
}

/** Takes what is found. */
export interface FindingsSink {
  checked(result: CheckResult): void;
  listed(key: string, update: SourceUpdate): void;
}

/** Results kept of endpoints; the oldest are dropped first. */
const MOST_RESULTS = 10_000;

/** Equal orders share what one source reports. */
const orderKey = (order: DiscoveryOrder): string => JSON.stringify(order);

/** Remembers what was found last. */
class Known {
  readonly checks: Map<string, CheckResult> = new Map();
  readonly lists: Map<string, SourceUpdate> = new Map();

  checked(result: CheckResult): void {
    // To the end: the others are older.
    this.checks.delete(result.key);
    this.checks.set(result.key, result);
    if (this.checks.size <= MOST_RESULTS) return;
    for (const key of this.checks.keys()) {
      this.checks.delete(key);
      return;
    }
  }

  /** A failure takes nothing back. */
  listed(key: string, update: SourceUpdate): void {
    if (update.kind === "found") this.lists.set(key, update);
  }
}

/** The main thread's side. */
export class FoundHere {
  readonly #known = new Known();
  readonly #sink: FindingsSink;

  /** @param sink passes findings on to all threads */
  constructor(sink: FindingsSink) {
    this.#sink = sink;
  }

  findings(): Findings {
    return { checks: [...this.#known.checks.values()], lists: [...this.#known.lists] };
  }

  readonly checks: SharedChecks = {
    publish: (result) => {
      this.#known.checked(result);
      this.#sink.checked(result);
    },
  };

  /** `given`, whose checks and discovery sources report to all threads. */
  platform(given: Platform): Platform {
    const { discover } = given;
    return { ...given, checks: this.checks, discover: discover && this.#discovering(discover) };
  }

  #discovering(discover: Discover): Discover {
    return (order) => {
      const source = discover(order);
      const key = orderKey(order);
      return {
        name: source.name,
        start: (listener) =>
          source.start((update) => {
            this.#known.listed(key, update);
            this.#sink.listed(key, update);
            listener(update);
          }),
        stop: () => source.stop(),
      };
    };
  }
}

/** Another thread's side. */
export class FoundElsewhere implements FindingsSink {
  readonly #known = new Known();
  readonly #followers: Map<string, Set<(result: CheckResult) => void>> = new Map();
  readonly #listeners: Map<string, Set<SourceListener>> = new Map();

  constructor({ checks, lists }: Findings) {
    for (const result of checks) this.#known.checked(result);
    for (const [key, update] of lists) this.#known.listed(key, update);
  }

  checked(result: CheckResult): void {
    this.#known.checked(result);
    for (const follower of this.#followers.get(result.upstream) ?? []) follower(result);
  }

  listed(key: string, update: SourceUpdate): void {
    this.#known.listed(key, update);
    for (const listener of this.#listeners.get(key) ?? []) listener(update);
  }

  readonly checks: SharedChecks = {
    follow: (upstream, listener) => {
      for (const result of this.#known.checks.values()) {
        if (result.upstream === upstream) listener({ ...result, change: undefined });
      }
      return joined(this.#followers, upstream, listener);
    },
  };

  readonly discover: Discover = (order) => {
    const key = orderKey(order);
    let leave: (() => void) | undefined;
    return {
      name: "the main thread",
      isFollower: true,
      start: (listener) => {
        const last = this.#known.lists.get(key);
        if (last !== undefined) listener(last);
        leave = joined(this.#listeners, key, listener);
      },
      stop: () => leave?.(),
    };
  };
}

/** Adds `item` to the set at `key`. @returns what takes it out again */
const joined = <Item>(sets: Map<string, Set<Item>>, key: string, item: Item): (() => void) => {
  const set = sets.get(key) ?? new Set();
  sets.set(key, set);
  set.add(item);
  return () => {
    set.delete(item);
    if (set.size === 0 && sets.get(key) === set) sets.delete(key);
  };
};
