/** The upstream's answer on its way to the client. */
import { ProxyError } from "../../src/core/errors.ts";
import type { Attempt } from "../../src/core/exchange.ts";
import { editHeaders } from "../../src/http/header-edits.ts";
import { nominatedBy } from "../../src/http/headers.ts";
import type { AttemptRun } from "./attempt-run.ts";
import type { FetchHooks } from "./hooks.ts";
import { isEventStream, isIdleChosen } from "./idle.ts";
import { watchedBody } from "./watched-body.ts";

/** Statuses without content (RFC 9110 §6.4.1). */
const isBodiless = (status: number): boolean => status === 204 || status === 205 || status === 304;

/** The client's response. Throws `ProxyError` when the upstream's can't be one. */
export const downloadOf = (
  upstream: Response,
  attempt: Attempt,
  run: AttemptRun,
  hooks: FetchHooks,
): Response => {
  const { status } = upstream;
  if (status < 200 || status > 599) {
    throw new ProxyError("bad-upstream-response", {
      detail: `status ${status} from ${attempt.endpoint.authority}`,
    });
  }
  const bodiless = isBodiless(status) || attempt.exchange.arrival.head.method === "HEAD";
  const body = bodiless ? null : bodyOf(upstream, attempt, run, hooks);
  if (body === null) run.finish();
  return hooks.respond(upstream, body, (headers) => editFields(headers, attempt));
};

const editFields = (headers: Headers, { responseEdits }: Attempt): void => {
  const connection = headers.get("connection");
  // Chunked framing overrides a length (RFC 9112 §6.3), which must not reach the client then.
  if (headers.has("transfer-encoding")) headers.delete("content-length");
  editHeaders(headers, responseEdits, connection === null ? undefined : nominatedBy(connection));
};

const bodyOf = (
  upstream: Response,
  attempt: Attempt,
  run: AttemptRun,
  hooks: FetchHooks,
): ReadableStream<Uint8Array> | null => {
  const { body } = upstream;
  if (body === null) return null;
  const { timeouts, exchange } = attempt;
  const events = isEventStream(upstream.headers.get("content-type"));
  const idleMs = events ? timeouts.eventStreamIdleMs : timeouts.idleMs;
  if (events || isIdleChosen(timeouts))
    hooks.mayBeQuiet?.(attempt, idleMs === 0 ? Number.POSITIVE_INFINITY : idleMs);
  const hasDeadline = attempt.cancellation !== exchange.arrival.cancellation;
  if (!events && !hasDeadline && !isIdleChosen(timeouts)) {
    if (hooks.endsWithClient) run.finish();
    return body;
  }
  return watchedBody(body, {
    clock: hooks.clock,
    idleMs,
    maxBytes: Number.POSITIVE_INFINITY,
    stalled: () => new ProxyError("attempt-timeout", { detail: `response body paused for ${idleMs} ms` }),
    tooLong: () => new ProxyError("internal"),
    ended(error) {
      if (error === undefined) run.finish();
      else run.stop(downloadFailure(error, attempt));
    },
  });
};

const downloadFailure = (error: unknown, { endpoint }: Attempt): ProxyError =>
  error instanceof ProxyError
    ? error
    : new ProxyError("upstream-reset", {
        detail: `response broke off from ${endpoint.authority}`,
        cause: error,
      });
