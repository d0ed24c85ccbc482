/** The upstream's answer on its way to the client. */
import { ProxyError } from "../../src/core/errors.ts";
import type { Attempt } from "../../src/core/exchange.ts";
import { editHeaders } from "../../src/http/header-edits.ts";
import { nominatedBy } from "../../src/http/headers.ts";
import type { AttemptRun } from "./attempt-run.ts";
import type { FetchHooks } from "./hooks.ts";
import { isEventStream, isIdleChosen, orForEver } from "./idle.ts";
import { sourceOf, watchedBody } from "./watched-body.ts";

/** Statuses without content (RFC 9110 §6.4.1). */
export const isBodiless = (status: number): boolean => status === 204 || status === 205 || status === 304;

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
  const edit = (headers: Headers): void => editFields(headers, attempt);
  if (isBodiless(status) || attempt.exchange.arrival.head.method === "HEAD") {
    run.finish();
    hooks.over?.(attempt);
    return hooks.respond(upstream, null, edit);
  }
  if (!mustWatch(upstream, attempt, hooks)) {
    if (hooks.endsWithClient || isSmall(upstream)) run.finish();
    return hooks.respond(upstream, "as it comes", edit);
  }
  const { body } = upstream;
  return hooks.respond(upstream, body === null ? null : watched(body, upstream, attempt, run, hooks), edit);
};

const editFields = (headers: Headers, { responseEdits }: Attempt): void => {
  const connection = headers.get("connection");
  // Chunked framing overrides a length (RFC 9112 §6.3), which must not reach the client then.
  if (headers.has("transfer-encoding")) headers.delete("content-length");
  editHeaders(headers, responseEdits, connection === null ? undefined : nominatedBy(connection));
};

const idleMsOf = (upstream: Response, { timeouts }: Attempt): number =>
  isEventStream(upstream.headers.get("content-type")) ? timeouts.eventStreamIdleMs : timeouts.idleMs;

/** Content that is here, or as good as here, when its head is. */
const SMALL_BYTES = 64 * 1024;

const isSmall = ({ headers }: Response): boolean => {
  const length = headers.get("content-length");
  return length !== null && Number(length) <= SMALL_BYTES;
};

const mustWatch = (upstream: Response, attempt: Attempt, hooks: FetchHooks): boolean => {
  const mustTellEnd = hooks.mayBeQuiet?.(attempt, orForEver(idleMsOf(upstream, attempt))) === true;
  return (
    mustTellEnd ||
    isIdleChosen(attempt.timeouts) ||
    isEventStream(upstream.headers.get("content-type")) ||
    // A deadline's timer would wait for a body that has long ended.
    attempt.cancellation !== attempt.exchange.arrival.cancellation
  );
};

const watched = (
  body: ReadableStream<Uint8Array>,
  upstream: Response,
  attempt: Attempt,
  run: AttemptRun,
  hooks: FetchHooks,
): ReadableStream<Uint8Array> => {
  const idleMs = idleMsOf(upstream, attempt);
  return watchedBody(sourceOf(body), {
    clock: hooks.clock,
    idleMs,
    maxBytes: Number.POSITIVE_INFINITY,
    stalled: () => new ProxyError("attempt-timeout", { detail: `response body paused for ${idleMs} ms` }),
    tooLong: () => new ProxyError("internal"),
    ended(error) {
      hooks.over?.(attempt);
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
