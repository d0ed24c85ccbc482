/** Which config each thread has, and how it gets another one. */
import type { BoundConfig } from "./bound-configs.ts";
import { ConfigSender } from "./config-transfer.ts";
import type { ConfigSource } from "../../../src/config/gather.ts";
import type { ThreadStart } from "./messages.ts";
import type { ServingThread } from "./serving-thread.ts";

export type SentWith = Pick<ThreadStart, "config" | "explicit">;

/** A config for threads. */
export interface ThreadConfig extends SentWith {
  /** Counts configs. */
  readonly version: number;
  readonly keep: () => void;
}

/** Waits for all threads, also where one fails: what is still under way there can't be given up. */
export const prepareOn = async (threads: readonly ServingThread[], sent: SentWith): Promise<void> => {
  const all = threads.map((thread) => prepareOnOne(thread, sent));
  await Promise.allSettled(all);
  await Promise.all(all);
};

/** A thread that ends meanwhile is no reason to refuse a config: the one in its place gets it. */
const prepareOnOne = async (thread: ServingThread, { config, explicit }: SentWith): Promise<void> => {
  try {
    await thread.peer.call("prepare", config, explicit);
  } catch (error) {
    if (!thread.hasEnded) throw error;
  }
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
      const { config, explicit, version } = this.current;
      if (this.#versions.get(thread) === version) return;
      await thread.peer.call("prepare", config, explicit);
      thread.peer.tell("commit");
      this.#versions.set(thread, version);
    }
  }
}
