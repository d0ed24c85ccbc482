/** Asks again and again, with pauses that grow while there is no answer. */
import type { Cancel, Clock, Random } from "../core/platform.ts";
import { asProxyError } from "../core/errors.ts";
import type { SourceListener, SourceUpdate } from "../core/endpoint-source.ts";

export interface PollOptions {
  readonly clock: Clock;
  readonly random: Random;
  /**
   * Asks once. Resolves with what is to be reported and the milliseconds until the next time. A rejection is reported as a
   * failure.
   */
  readonly ask: () => Promise<PollAnswer>;
}

export interface PollAnswer {
  readonly update: SourceUpdate;
  readonly nextMs: number;
}

/** Pauses after failures: 1 s, 2 s, 4 s, …, half a minute. */
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;
/** Many proxies ask the same source. */
const JITTER = 0.1;

export class Poller {
  readonly #options: PollOptions;
  #failures = 0;
  #isStopped = false;
  #cancelTimer: Cancel | undefined;

  constructor(options: PollOptions) {
    this.#options = options;
  }

  start(listener: SourceListener): void {
    void this.#run(listener);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer?.();
  }

  async #run(listener: SourceListener): Promise<void> {
    let pauseMs: number;
    try {
      const { update, nextMs } = await this.#options.ask();
      this.#failures = 0;
      pauseMs = nextMs;
      if (!this.#isStopped) listener(update);
    } catch (thrown) {
      this.#failures += 1;
      pauseMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (this.#failures - 1));
      if (!this.#isStopped) listener({ kind: "failed", reason: reasonOf(thrown) });
    }
    if (this.#isStopped) return;
    const { clock, random } = this.#options;
    const jitter = 1 - JITTER + 2 * JITTER * random.float();
    this.#cancelTimer = clock.after(pauseMs * jitter, () => void this.#run(listener));
  }
}

/** One phrase; failures of sources are for operators. */
export const reasonOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : asProxyError(thrown).message;
