/** Which config each thread has, and how it gets another one. */
import type { BoundConfig } from "./bound-configs.ts";
import { ConfigSender } from "./config-transfer.ts";
import type { ConfigSource } from "../../../src/config/gather.ts";
import { ServeError } from "../../serving.ts";
import type { ThreadStart } from "./messages.ts";
import type { ServingThread } from "./serving-thread.ts";
import { within } from "./within.ts";

export type SentWith = Pick<ThreadStart, "config" | "explicit">;

/** A config for threads. */
export interface ThreadConfig extends SentWith {
  /** Counts configs. */
  readonly version: number;
  readonly keep: () => void;
}

/** The part of a thread that a change of the config uses. */
export type PreparingThread = Pick<ServingThread, "number" | "hasEnded" | "endUnlessResponsive"> & {
  readonly peer: Pick<ServingThread["peer"], "call">;
};

/** How long threads are waited for, in milliseconds. */
export interface PrepareLimits {
  /** Until a thread answers at all. One that does not is replaced. */
  readonly answerMs: number;
  /** Until it has prepared a config. After that the config is refused. */
  readonly prepareMs: number;
}

const LIMITS: PrepareLimits = { answerMs: 10_000, prepareMs: 60_000 };

/**
 * Waits for all threads, also where one fails: what is still under way there can't be given up.
 *
 * @throws the error of the first thread that can't prepare it, or ServeError for one that takes too long.
 */
export const prepareOn = async (
  threads: readonly PreparingThread[],
  sent: SentWith,
  limits: PrepareLimits = LIMITS,
): Promise<void> => {
  const all = threads.map((thread) => prepareOnOne(thread, sent, limits));
  await Promise.allSettled(all);
  await Promise.all(all);
};

/** A thread that ends meanwhile, or is ended here, is no reason to refuse a config: the one in its place gets it. */
const prepareOnOne = async (
  thread: PreparingThread,
  sent: SentWith,
  limits: PrepareLimits,
): Promise<void> => {
  if (await thread.endUnlessResponsive(limits.answerMs)) return;
  try {
    await prepared(thread, sent, limits);
  } catch (error) {
    if (!thread.hasEnded) throw error;
  }
};

const prepared = async (
  thread: PreparingThread,
  { config, explicit }: SentWith,
  { answerMs, prepareMs }: PrepareLimits,
): Promise<void> => {
  const call = thread.peer.call("prepare", config, explicit);
  const isDone = await within(
    call.then(
      () => true,
      () => true,
    ),
    prepareMs,
  );
  // Throws where the thread refused it.
  if (isDone === true) return call;
  // The config's own code may be what does not return.
  await thread.endUnlessResponsive(answerMs);
  throw new ServeError(`thread ${thread.number} was not ready with the config after ${prepareMs / 1_000} s`);
};

/** Gives up what was prepared. Never rejects; a thread that does not answer does it later, or ends. */
export const discardOn = async (
  threads: readonly PreparingThread[],
  { answerMs }: PrepareLimits = LIMITS,
): Promise<void> => {
  await Promise.all(threads.map(({ peer }) => within(peer.call("discard"), answerMs)));
};

export class ThreadConfigs {
  readonly #source: ConfigSource | undefined;
  readonly #sender = new ConfigSender();
  readonly #versions: WeakMap<ServingThread, number> = new WeakMap();
  #lastVersion = 0;
  #current: ThreadConfig | undefined;

  /** @param source of functions in configs */
  constructor(source: ConfigSource | undefined) {
    this.#source = source;
  }

  /** In effect. */
  get current(): ThreadConfig {
    if (this.#current === undefined) throw new TypeError("there is no config yet");
    return this.#current;
  }

  /** @throws ServeError where it can't be sent to threads. */
  make({ config, explicit, keep }: BoundConfig): ThreadConfig {
    this.#lastVersion += 1;
    return { config: this.#sender.send(config, this.#source), explicit, keep, version: this.#lastVersion };
  }

  /** `config` is in effect, in `threads` at once and in threads that begin from now on. */
  take(config: ThreadConfig, threads: readonly ServingThread[]): void {
    this.#current = config;
    this.#sender.keep(config.config);
    config.keep();
    for (const thread of threads) {
      thread.peer.tell("commit");
      this.#versions.set(thread, config.version);
    }
  }

  /** A thread has begun with the config in effect. */
  begun(thread: ServingThread): void {
    this.#versions.set(thread, this.current.version);
  }

  /** A thread that has begun with an older one gets the one in effect. */
  async renew(thread: ServingThread): Promise<void> {
    for (;;) {
      const { version } = this.current;
      if (this.#versions.get(thread) === version) return;
      await prepared(thread, this.current, LIMITS);
      thread.peer.tell("commit");
      this.#versions.set(thread, version);
    }
  }
}
