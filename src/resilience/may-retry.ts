/** The rules for sending a request again. */
import type { ProxyError } from "../core/errors.ts";
import type { Exchange } from "../core/exchange.ts";
import type { Reply } from "../core/reply.ts";
import { firstValue } from "../http/headers.ts";
import { IDEMPOTENT } from "../http/method.ts";

export interface RetryRules {
  /** Statuses of responses that are given up for another attempt. @default 502, 503, 504 */
  readonly codes: ReadonlySet<number>;
  /** A request with `Idempotency-Key` may be repeated, whatever its method. @default false */
  readonly trustsIdempotencyKey: boolean;
}

export const RETRY_RULES: RetryRules = Object.freeze({
  codes: new Set([502, 503, 504]),
  trustsIdempotencyKey: false,
});

/** Whether sending it twice has the same effect as once. A request to switch protocols may have opened a session. */
const isRepeatable = ({ arrival, upgrade }: Exchange, { trustsIdempotencyKey }: RetryRules): boolean =>
  upgrade === undefined &&
  (IDEMPOTENT.has(arrival.method) ||
    (trustsIdempotencyKey && firstValue(arrival.fields, "idempotency-key") !== undefined));

/**
 * Whether an attempt that failed may be followed by another. Where nothing was sent, any request; otherwise one that is
 * repeatable, and only while no response has begun.
 */
export const mayRetryError = (error: ProxyError, exchange: Exchange, rules: RetryRules): boolean => {
  if (!error.kind.retryable) return error.code === "overloaded" && error.progress === "connecting";
  if (error.progress === "connecting") return true;
  return error.progress === "sent" && isRepeatable(exchange, rules);
};

/** Whether a response may be given up for another attempt. Its request was sent, so it must be repeatable. */
export const mayRetryReply = (reply: Reply, exchange: Exchange, rules: RetryRules): boolean =>
  reply.kind === "http" && rules.codes.has(reply.status) && isRepeatable(exchange, rules);
