/** Makes another attempt when one failed and nothing was sent to the client yet. */
import { cancelBody } from "../core/body.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { type ProxyError, asProxyError } from "../core/errors.ts";
import type { Exchange } from "../core/exchange.ts";
import type { Clock, Random } from "../core/platform.ts";
import type { HttpReply, Reply } from "../core/reply.ts";
import type { Layer, Service } from "../core/service.ts";
import { retryAfterMs } from "../http/retry-after.ts";
import { type RetryRules, mayRetryError, mayRetryReply } from "./may-retry.ts";
import { pause } from "./pause.ts";
import { type ReplayBody, discarded, replayBody } from "./replay-body.ts";
import type { RetryBudget } from "./retry-budget.ts";

export interface RetryOptions {
  /** Attempts after the first. @default 1 */
  readonly retries: number;
  readonly rules: RetryRules;
  /** Shared by all routes to an upstream. */
  readonly budget: RetryBudget;
  /** Most bytes of a request body that are kept for another attempt. @default 65536 */
  readonly replayBytes: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Called before each retry, and where the budget forbids one. */
  readonly onRetry?: ((event: RetryEvent) => void) | undefined;
}

export interface RetryEvent {
  readonly kind: "retried" | "over-budget";
  /** What failed: an error's code, or a status. */
  readonly because: string;
  /** Where. */
  readonly endpoint: Endpoint | undefined;
}

/** Pauses grow from one retry to the next; each is random between 0 and its bound ("full jitter"). */
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 250;
/** A response with a longer `Retry-After` is passed on to the client instead of being retried. */
const LONGEST_RETRY_AFTER_MS = 1_000;

/** The lease of the next attempt leaves out the endpoints that were tried. */
export const retry = (options: RetryOptions): Layer => {
  const { budget, clock, replayBytes } = options;
  return (next) => (exchange) => {
    budget.deposit(clock.now());
    const { body } = exchange;
    const replay = body.kind === "none" ? undefined : replayBody(body, replayBytes);
    return new RetryRun({ options, next, exchange, replay }).run();
  };
};

interface RunParts {
  readonly options: RetryOptions;
  readonly next: Service;
  readonly exchange: Exchange;
  /** Undefined where there is no content. */
  readonly replay: ReplayBody | undefined;
}

/** An attempt that is followed by another. */
interface Failed {
  readonly kind: "failed";
  /** Before the next attempt. */
  readonly pauseMs: number;
  /** Of the attempt, where it got no response. */
  readonly error: ProxyError | undefined;
}

class RetryRun {
  readonly #parts: RunParts;
  #retries = 0;
  /** Of the first attempt. */
  #error: ProxyError | undefined;

  constructor(parts: RunParts) {
    this.#parts = parts;
  }

  async run(): Promise<Reply> {
    const { exchange, replay, options } = this.#parts;
    try {
      for (;;) {
        const result = await this.#attempt(
          replay === undefined ? exchange : { ...exchange, body: replay.next() },
        );
        if (result.kind !== "failed") return result;
        this.#error ??= result.error;
        this.#retries += 1;
        await pause(options.clock, result.pauseMs, exchange.cancellation);
      }
    } finally {
      replay?.seal();
    }
  }

  async #attempt(exchange: Exchange): Promise<Reply | Failed> {
    const { next, options } = this.#parts;
    const { rules } = options;
    try {
      const reply = await next(exchange);
      return reply.kind === "http" && mayRetryReply(reply, exchange, rules) ? this.#judge(reply) : reply;
    } catch (thrown) {
      const error = asProxyError(thrown);
      if (mayRetryError(error, exchange, rules) && this.#mayFollow(error.code)) {
        return { kind: "failed", pauseMs: this.#pauseMs(), error };
      }
      // Why the first attempt failed says more than that no endpoint is left to try.
      throw error.kind.fault === "gateway" ? (this.#error ?? error) : error;
    }
  }

  /** Gives up a response that has one of the codes, unless it asks for a long pause. */
  #judge(reply: HttpReply): Reply | Failed {
    const asked = retryAfterMs(reply.fields, this.#parts.options.clock.epoch()) ?? 0;
    if (asked > LONGEST_RETRY_AFTER_MS || !this.#mayFollow(String(reply.status))) return reply;
    cancelBody(reply.body, discarded());
    return { kind: "failed", pauseMs: asked + this.#pauseMs(), error: undefined };
  }

  #mayFollow(because: string): boolean {
    const { options, exchange, replay } = this.#parts;
    const { retries, clock, budget, onRetry } = options;
    if (this.#retries >= retries || replay?.isReplayable === false) return false;
    const now = clock.now();
    if (exchange.cancellation.reason !== undefined || now >= exchange.endsAt) return false;
    const isPaid = budget.withdraw(now);
    const { endpoint } = exchange.trail;
    onRetry?.({ kind: isPaid ? "retried" : "over-budget", because, endpoint });
    return isPaid;
  }

  #pauseMs(): number {
    const bound = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#retries);
    return this.#parts.options.random.float() * bound;
  }
}
