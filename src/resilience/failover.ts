/** Tries another upstream when the first one can't answer. */
import { asProxyError } from "../core/errors.ts";
import type { Layer, Service } from "../core/service.ts";
import { type RetryRules, mayRetryError } from "./may-retry.ts";
import { replayBody } from "./replay-body.ts";

export interface FailoverOptions {
  /** In order; each with its upstream's own layers. */
  readonly others: readonly Service[];
  readonly rules: RetryRules;
  /** Most bytes of a request body that are kept. */
  readonly replayBytes: number;
}

/** Codes of an upstream that took no attempt at all. */
const UNAVAILABLE: ReadonlySet<string> = new Set(["no-endpoint", "circuit-open", "overloaded"]);

/** Goes on to the next upstream by the rules of retries. Responses are final, whatever their status. */
export const failover =
  ({ others, rules, replayBytes }: FailoverOptions): Layer =>
  (first) =>
  async (exchange) => {
    const replay = replayBody(exchange.body, replayBytes);
    try {
      let next = first;
      for (const other of others) {
        try {
          return await next({ ...exchange, body: replay.next() });
        } catch (thrown) {
          const error = asProxyError(thrown);
          const isPossible = UNAVAILABLE.has(error.code) || mayRetryError(error, exchange, rules);
          if (!isPossible || !replay.isReplayable || exchange.cancellation.reason !== undefined) throw error;
          next = other;
        }
      }
      return await next({ ...exchange, body: replay.next() });
    } finally {
      replay.seal();
    }
  };
