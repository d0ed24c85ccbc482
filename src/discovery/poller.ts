/** Asks a source at intervals, with pauses that grow while it fails. */
import type { Cancel, Clock, Random } from "../core/platform.ts";
import { jittered } from "../core/jitter.ts";
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

export const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;

/** The pause after so many failures in a row: 1 s, 2 s, 4 s, …, half a minute. */
export const retryPauseMs = (failures: number): number =>
  Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));

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
      pauseMs = retryPauseMs(this.#failures);
      if (!this.#isStopped) listener({ kind: "failed", reason: reasonOf(thrown) });
    }
    if (this.#isStopped) return;
    const { clock, random } = this.#options;
    this.#cancelTimer = clock.after(jittered(pauseMs, JITTER, random), () => void this.#run(listener));
  }
}

/** Why a source failed, in one phrase for operators. */
export const reasonOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : asProxyError(thrown).message;
