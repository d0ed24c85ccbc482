/** What the control of the main thread asks of the others. */
import type {
  Action,
  ConnectionPage,
  ConnectionQuery,
  ExplainRequest,
  ExplainResult,
  FailureEntry,
} from "../../../handlers/control.ts";
import {
  type OtherThreads,
  type ThreadView,
  connectionId,
  connectionOf,
} from "../../../handlers/other-threads.ts";
import type { Clock } from "../../../src/core/platform.ts";
import type { JournalEntry } from "../../../src/observe/journal.ts";
import type { ServingThread } from "./serving-thread.ts";
import type { ThreadPool } from "./thread-pool.ts";
import { within } from "./within.ts";

/** A thread of the pool, by its number from 1. */
interface NumberedThread {
  readonly id: number;
  /** Undefined while there is none in its place. */
  readonly thread: ServingThread | undefined;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

export interface ThreadViewsParts {
  readonly places: () => ThreadPool["places"];
  readonly clock: Clock;
  readonly isDraining: () => boolean;
}

/** A thread that takes longer is left out. */
const ANSWER_MS = 2_000;

export class ThreadViews implements OtherThreads {
  readonly #parts: ThreadViewsParts;
  readonly #listeners: Set<(entry: JournalEntry) => void> = new Set();
  /** Of each endpoint, what was changed by hand last; for threads that begin later. */
  readonly #actions: Map<string, Action> = new Map();

  constructor(parts: ThreadViewsParts) {
    this.#parts = parts;
  }

  async snapshots(): Promise<readonly ThreadView[]> {
    return Promise.all(
      this.#threads().map(async ({ id, thread, startedAt }): Promise<ThreadView> => {
        const snapshot = await inTime(thread?.peer.call("ownSnapshot"));
        const state = this.#parts.isDraining() ? "draining" : "running";
        return { id, startedAt, state: thread === undefined ? "gone" : state, snapshot };
      }),
    );
  }

  async act(action: Action): Promise<void> {
    this.#remember(action);
    await Promise.all(this.#running().map(({ thread }) => inTime(thread.peer.call("perform", action))));
  }

  async close(text: string): Promise<boolean> {
    const { id, connection } = connectionOf(text);
    const found = this.#running().find((each) => each.id === id);
    const result = await inTime(
      found?.thread.peer.call("perform", { kind: "close-connection", id: connection }),
    );
    return result?.ok === true;
  }

  /** Those of the first thread first. */
  async connections({ after, limit, ...query }: ConnectionQuery): Promise<ConnectionPage> {
    const from = after === undefined ? undefined : connectionOf(after);
    const pages = await Promise.all(
      this.#running().map(async ({ id, thread }) => {
        const ownAfter = from?.id === id ? from.connection : undefined;
        const page = await inTime(thread.peer.call("ownConnections", { ...query, limit, after: ownAfter }));
        return { id, page };
      }),
    );
    const found = pages.flatMap(({ id, page }) =>
      from !== undefined && id < from.id
        ? []
        : (page?.connections ?? []).map((each) => ({ ...each, id: connectionId(id, each.id) })),
    );
    const connections = found.slice(0, limit);
    const isMore =
      found.length > limit ||
      pages.some(({ id, page }) => page?.next !== undefined && !(from !== undefined && id < from.id));
    return {
      total: pages.reduce((sum, { page }) => sum + (page?.total ?? 0), 0),
      connections,
      ...(isMore && { next: connections.at(-1)?.id }),
    };
  }

  async explain(request: ExplainRequest): Promise<ExplainResult> {
    const [first] = this.#running();
    const result = await inTime(first?.thread.peer.call("ownExplain", request));
    return result ?? { ok: false, message: "no thread answers at the moment" };
  }

  async failures(): Promise<readonly FailureEntry[]> {
    const lists = await Promise.all(
      this.#running().map(({ thread }) => inTime(thread.peer.call("ownFailures"))),
    );
    return lists.flatMap((list) => list ?? []).toSorted((a, b) => b.time - a.time);
  }

  subscribe(listener: (entry: JournalEntry) => void): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#watch();
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#watch();
    };
  }

  /** What a thread's journal tells. */
  noted(entry: JournalEntry): void {
    for (const listener of this.#listeners) listener(entry);
  }

  /** A thread begins: it is told what the others were. */
  welcome({ peer }: ServingThread): void {
    for (const action of this.#actions.values()) void inTime(peer.call("perform", action));
    if (this.#listeners.size > 0) peer.tell("watched", true);
  }

  /** Another config brings levels of its own. */
  forgetLevels(): void {
    for (const [key, { kind }] of this.#actions) if (kind === "log-level") this.#actions.delete(key);
  }

  #watch(): void {
    for (const { thread } of this.#running()) thread.peer.tell("watched", this.#listeners.size > 0);
  }

  #threads(): readonly NumberedThread[] {
    const { places, clock } = this.#parts;
    const began = clock.epoch() - clock.now();
    return places().map(({ thread, startedAt }, place) => ({
      id: place + 1,
      thread,
      startedAt: Math.round(began + startedAt),
    }));
  }

  #running(): readonly (NumberedThread & { readonly thread: ServingThread })[] {
    return this.#threads().flatMap((each) =>
      each.thread === undefined ? [] : [{ ...each, thread: each.thread }],
    );
  }

  #remember(action: Action): void {
    const key = keyOf(action);
    if (key === undefined) return;
    // To the end: later ones go after it.
    this.#actions.delete(key);
    this.#actions.set(key, action);
  }
}

/** Of actions that outlive a thread. */
const keyOf = (action: Action): string | undefined => {
  switch (action.kind) {
    case "drain":
    case "enable":
      return JSON.stringify(["drain", action.upstream, action.endpoint]);
    case "weight":
      return JSON.stringify(["weight", action.upstream, action.endpoint]);
    case "log-level":
      return JSON.stringify(["level", action.category]);
    default:
      return undefined;
  }
};

const inTime = async <Result>(answer: Promise<Result> | undefined): Promise<Result | undefined> =>
  answer && within(answer, ANSWER_MS);
