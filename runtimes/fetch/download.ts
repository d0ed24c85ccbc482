/** The upstream's answer on its way to the client. */
import { ProxyError } from "../../src/core/errors.ts";
import type { Attempt } from "../../src/core/exchange.ts";
import { editHeaders } from "../../src/http/header-edits.ts";
import { nominatedBy } from "../../src/http/headers.ts";
import { isContentless } from "../../src/http/status.ts";
import type { AttemptRun } from "./attempt-run.ts";
import { gather } from "./gather.ts";
import type { AtOnce, EditHeaders, FetchHooks } from "./hooks.ts";
import { isEventStream, isIdleChosen, orForEver } from "./idle.ts";
import { type BodySource, sourceOf, watchedBody } from "./watched-body.ts";

/** The client's response. Throws `ProxyError` when the upstream's can't be one. */
export const downloadOf = (
  upstream: Response,
  attempt: Attempt,
  run: AttemptRun,
  hooks: FetchHooks,
): Response | Promise<Response> => {
  const { status } = upstream;
  const flaw = responseFlaw(upstream);
  if (flaw !== undefined) {
    throw new ProxyError("bad-upstream-response", { detail: `${flaw} from ${attempt.endpoint.authority}` });
  }
  const edit: EditHeaders = (headers) => editFields(headers, status, attempt);
  if (isContentless(status) || attempt.exchange.arrival.head.method === "HEAD") {
    run.finish();
    hooks.over?.(attempt);
    return hooks.respond(upstream, null, edit);
  }
  const { body } = upstream;
  if (!mustWatch(upstream, attempt, hooks)) {
    const length = lengthOf(upstream);
    const untyped = hooks.addsType === true && !upstream.headers.has("content-type");
    if (body !== null && hooks.atOnce?.suits(length, untyped) === true) {
      return atOnce(body, length, { upstream, attempt, run, hooks, atOnce: hooks.atOnce, edit });
    }
    if (body === null || !untyped) {
      if (hooks.endsWithClient || length <= SMALL_BYTES) run.finish();
      return hooks.respond(upstream, "as it comes", edit);
    }
  }
  if (body === null) {
    run.finish();
    hooks.over?.(attempt);
    return hooks.respond(upstream, null, edit);
  }
  return hooks.respond(upstream, watched(sourceOf(body), upstream, attempt, run, hooks), edit);
};

/**
 * What makes a response unfit to be passed on although the runtime took it; undefined for nothing. In another transfer
 * coding than `chunked` (RFC 9112 §6.1) its content is the coded bytes, where the runtime tells.
 */
const responseFlaw = ({ status, headers }: Response): string | undefined => {
  if (status < 200 || status > 599) return `status ${status}`;
  const coding = headers.get("transfer-encoding");
  return coding === null || coding.toLowerCase() === "chunked"
    ? undefined
    : "a transfer coding other than chunked";
};

const editFields = (headers: Headers, status: number, { responseEdits }: Attempt): void => {
  const connection = headers.get("connection");
  // Chunked framing overrides a length (RFC 9112 §6.3), which must not reach the client then. RFC 9110 §8.6 forbids it
  // with 204, and 205 has no content it could measure.
  if (status === 204 || status === 205 || headers.has("transfer-encoding")) headers.delete("content-length");
  editHeaders(headers, responseEdits, connection === null ? undefined : nominatedBy(connection));
};

const idleMsOf = (upstream: Response, { timeouts }: Attempt): number =>
  isEventStream(upstream.headers.get("content-type")) ? timeouts.eventStreamIdleMs : timeouts.idleMs;

/** Content that is here, or as good as here, when its head is. */
const SMALL_BYTES = 64 * 1024;

/** Infinity where it isn't told. */
const lengthOf = ({ headers }: Response): number => {
  const length = headers.get("content-length");
  return length === null || headers.has("transfer-encoding") ? Number.POSITIVE_INFINITY : Number(length);
};

interface AtOnceParts {
  readonly upstream: Response;
  readonly attempt: Attempt;
  readonly run: AttemptRun;
  readonly hooks: FetchHooks;
  readonly atOnce: AtOnce;
  readonly edit: EditHeaders;
}

/** Content that takes its time goes out as it comes after all. */
const atOnce = async (
  body: ReadableStream<Uint8Array>,
  length: number,
  { upstream, attempt, run, hooks, atOnce: { streamOf }, edit }: AtOnceParts,
): Promise<Response> => {
  const content = await gather(sourceOf(body), length, hooks.clock).catch((error: unknown) => {
    throw downloadFailure(error, attempt);
  });
  if ("read" in content) {
    return hooks.respond(upstream, watched(content, upstream, attempt, run, hooks), edit);
  }
  run.finish();
  hooks.over?.(attempt);
  return hooks.respond(upstream, streamOf(content, length), edit);
};

const mustWatch = (upstream: Response, attempt: Attempt, hooks: FetchHooks): boolean => {
  const mustTellEnd = hooks.mayBeQuiet?.(attempt, orForEver(idleMsOf(upstream, attempt))) === true;
  return (
    mustTellEnd ||
    hooks.watchesAll === true ||
    isIdleChosen(attempt.timeouts) ||
    isEventStream(upstream.headers.get("content-type")) ||
    // A deadline's timer would wait for a body that has long ended.
    attempt.cancellation !== attempt.exchange.arrival.cancellation
  );
};

const watched = (
  source: BodySource,
  upstream: Response,
  attempt: Attempt,
  run: AttemptRun,
  hooks: FetchHooks,
): ReadableStream<Uint8Array> => {
  const idleMs = idleMsOf(upstream, attempt);
  return watchedBody(source, {
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
    declined() {
      hooks.over?.(attempt);
      run.stop(new ProxyError("client-closed", { detail: "the response is no longer wanted" }));
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
