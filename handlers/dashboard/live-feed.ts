/** Looks at the proxy once a second while somebody watches, and gives each watcher what is new to it. */
import type { Cancel, Clock } from "../../src/core/platform.ts";
import type { ProxyMetrics } from "../../src/observe/proxy-metrics.ts";
import type { Change, Control, FailureEntry } from "../control.ts";
import { type News, type Rows, fullMessage, overviewOf, rowsOf, tickMessage } from "./messages.ts";
import { TrafficSampler } from "./traffic-sampler.ts";
import type { Activity, Overview, Sample } from "./wire.ts";

export interface LiveFeedParts {
  readonly control: Pick<Control, "snapshot" | "failures" | "subscribe">;
  /** Undefined where nothing is measured. */
  readonly metrics: () => ProxyMetrics | undefined;
  readonly clock: Clock;
}

/** Takes messages, one at a time. */
export interface Watcher {
  /** Whether the message before has left. A watcher that is not ready misses a message, and gets everything next time. */
  isReady(): boolean;
  send(event: "full" | "tick", data: string): void;
  /** Nothing more will be sent. */
  end(): void;
}

const INTERVAL_MS = 1_000;
/** Seconds of traffic that a page shows at once when it opens: ten minutes. */
const MOST_SAMPLES = 600;
/** A page that is opened again within this time after the last one finds the seconds between. */
const KEPT_ON_MS = 10 * 60_000;
const MOST_ACTIVITY = 100;
/** Failures shown of one second. */
const MOST_FAILURES_A_TICK = 20;
const MOST_WATCHERS = 20;

interface Watched {
  /** The message before was sent, so that the next one needs only what changed. */
  isCurrent: boolean;
}

interface State {
  readonly overview: Overview;
  readonly rows: Rows;
}

export class LiveFeed {
  readonly #parts: LiveFeedParts;
  readonly #sampler: TrafficSampler;
  readonly #watchers: Map<Watcher, Watched> = new Map();
  readonly #samples: Sample[] = [];
  #activity: readonly Activity[] = [];
  /** Since the last look, newest last. */
  #fresh: { failures: FailureEntry[]; failuresLeftOut: number; activity: Activity[] } = nothing();
  #state: State | undefined;
  #lastWatched = Number.NEGATIVE_INFINITY;
  #timer: Cancel | undefined;
  #unsubscribe: (() => void) | undefined;
  #isLooking = false;

  constructor(parts: LiveFeedParts) {
    this.#parts = parts;
    this.#sampler = new TrafficSampler(parts.metrics, parts.clock);
  }

  /** Remembers from now on what upstreams, the config and operators change. */
  open(): void {
    this.#unsubscribe ??= this.#parts.control.subscribe((change) => this.#take(change));
  }

  /** Looks no more, and sends no more. */
  close(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#timer?.();
    this.#timer = undefined;
    this.dismiss();
  }

  /** Ends all streams: who may watch has changed, and whoever still may comes back. */
  dismiss(): void {
    const watchers = [...this.#watchers.keys()];
    this.#watchers.clear();
    for (const watcher of watchers) watcher.end();
  }

  /** @returns what ends it; undefined where too many watch already. */
  watch(watcher: Watcher): (() => void) | undefined {
    if (this.#watchers.size >= MOST_WATCHERS) return undefined;
    this.#watchers.set(watcher, { isCurrent: false });
    if (this.#timer === undefined && !this.#isLooking) void this.#look();
    return () => void this.#watchers.delete(watcher);
  }

  #take(change: Change): void {
    const fresh = this.#fresh;
    if (change.kind === "failure") {
      if (fresh.failures.length < MOST_FAILURES_A_TICK) fresh.failures.push(change.failure);
      else fresh.failuresLeftOut += 1;
      return;
    }
    this.#activity = [change, ...this.#activity].slice(0, MOST_ACTIVITY);
    fresh.activity.push(change);
    if (fresh.activity.length > MOST_ACTIVITY) fresh.activity.shift();
  }

  /** Never rejects: what can't be read now is read a second later. */
  async #look(): Promise<void> {
    const { clock } = this.#parts;
    const startedAt = clock.now();
    this.#isLooking = true;
    try {
      const sample = this.#sampler.take();
      this.#samples.push(sample);
      if (this.#samples.length > MOST_SAMPLES) this.#samples.shift();
      const news: News = { sample, ...newestFirst(this.#fresh) };
      this.#fresh = nothing();
      if (this.#watchers.size > 0) {
        this.#lastWatched = startedAt;
        await this.#publish(news);
      }
    } catch {
      // Nobody got this second's changes.
      for (const watched of this.#watchers.values()) watched.isCurrent = false;
    }
    this.#isLooking = false;
    const wasClosed = this.#unsubscribe === undefined;
    const isOver = this.#watchers.size === 0 && startedAt - this.#lastWatched > KEPT_ON_MS;
    this.#timer = undefined;
    if (wasClosed || isOver) return;
    const pause = Math.max(INTERVAL_MS / 10, INTERVAL_MS - (clock.now() - startedAt));
    this.#timer = clock.after(pause, () => void this.#look());
  }

  async #publish(news: News): Promise<void> {
    const { control, metrics } = this.#parts;
    const snapshot = await control.snapshot();
    const before = this.#state?.rows ?? new Map();
    const state = { overview: overviewOf(snapshot, metrics() !== undefined), rows: rowsOf(snapshot) };
    this.#state = state;
    const failures = this.#needsFull() ? await control.failures() : [];
    let full: string | undefined;
    let tick: string | undefined;
    for (const [watcher, watched] of this.#watchers) {
      if (!watcher.isReady()) watched.isCurrent = false;
      else if (watched.isCurrent) {
        watcher.send("tick", (tick ??= tickMessage(state.overview, { now: state.rows, before }, news)));
      } else {
        const history = { samples: this.#samples, failures, activity: this.#activity };
        watcher.send("full", (full ??= fullMessage(state.overview, state.rows, history)));
        watched.isCurrent = true;
      }
    }
  }

  #needsFull(): boolean {
    return Array.from(this.#watchers).some(([watcher, { isCurrent }]) => !isCurrent && watcher.isReady());
  }
}

const nothing = (): { failures: FailureEntry[]; failuresLeftOut: number; activity: Activity[] } => ({
  failures: [],
  failuresLeftOut: 0,
  activity: [],
});

const newestFirst = (fresh: ReturnType<typeof nothing>): Omit<News, "sample"> => ({
  failures: fresh.failures.toReversed(),
  failuresLeftOut: fresh.failuresLeftOut,
  activity: fresh.activity.toReversed(),
});
