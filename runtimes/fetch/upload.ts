/** The request's content on its way upstream. */
import { ProxyError } from "../../src/core/errors.ts";
import type { Attempt } from "../../src/core/exchange.ts";
import type { AttemptRun } from "./attempt-run.ts";
import { gather } from "./gather.ts";
import type { FetchHooks } from "./hooks.ts";
import { isIdleChosen } from "./idle.ts";
import { type BodySource, sourceOf, watchedBody } from "./watched-body.ts";

/** A client that sends slower than this may find its request timed out before it ends. */
const SLOWEST_BYTES_PER_MS = 16;

/** Longest that content of untold length and without a limit may take, as nobody sees its end. */
const UNTOLD_LENGTH_MS = 60 * 60 * 1_000;

/**
 * What to send as content; the timer for the response head is set in motion.
 *
 * The time to the first byte counts from the end of the upload. Small content is read first. Where the
 * runtime copies large content itself nobody sees its end, so the limit is longer by what the slowest acceptable
 * client would need.
 */
export const uploadOf = (
  attempt: Attempt,
  run: AttemptRun,
  hooks: FetchHooks,
): BodyInit | null | Promise<BodyInit | null> => {
  const { exchange, timeouts } = attempt;
  const { head, body } = exchange.arrival;
  const stream = body.present ? body.stream() : null;
  if (stream === null) {
    expectHead(attempt, run, 0);
    return hooks.contentOf(undefined, head.method);
  }
  const length = exchange.contentLength;
  const counted = length === undefined && exchange.maxBodyBytes !== Number.POSITIVE_INFINITY;
  if (counted || isIdleChosen(timeouts)) return watched(sourceOf(stream), attempt, run, hooks);
  if (length === undefined) {
    expectHead(attempt, run, UNTOLD_LENGTH_MS);
    return stream;
  }
  if (length <= hooks.wholeBytes) return small(sourceOf(stream), length, attempt, run, hooks);
  expectHead(attempt, run, allowanceMs(length));
  return stream;
};

const expectHead = ({ timeouts: { firstByteMs } }: Attempt, run: AttemptRun, extraMs: number): void =>
  run.expect(
    firstByteMs === 0 ? 0 : firstByteMs + extraMs,
    () => new ProxyError("attempt-timeout", { detail: `no response head within ${firstByteMs} ms` }),
  );

/** Rounded up to a power of two seconds, so that few different durations are in use. */
const allowanceMs = (length: number): number =>
  1_000 * 2 ** Math.ceil(Math.log2(Math.max(1, length / SLOWEST_BYTES_PER_MS / 1_000)));

const watched = (
  source: BodySource,
  attempt: Attempt,
  run: AttemptRun,
  hooks: FetchHooks,
): ReadableStream<Uint8Array> => {
  const { maxBodyBytes, contentLength } = attempt.exchange;
  const { idleMs } = attempt.timeouts;
  const body = watchedBody(source, {
    clock: hooks.clock,
    idleMs,
    maxBytes: maxBodyBytes,
    stalled: () => new ProxyError("request-timeout", { detail: `request body paused for ${idleMs} ms` }),
    tooLong: () => new ProxyError("body-too-large", { detail: `request body is over ${maxBodyBytes} bytes` }),
    ended(error) {
      if (error === undefined) expectHead(attempt, run, 0);
      else run.stop(brokenUpload(error));
    },
  });
  return contentLength === undefined || hooks.sized === undefined ? body : hooks.sized(body, contentLength);
};

const small = async (
  source: BodySource,
  length: number,
  attempt: Attempt,
  run: AttemptRun,
  hooks: FetchHooks,
): Promise<BodyInit | null> => {
  const gathered = await gather(source, length, hooks.clock).catch((error: unknown) => {
    throw brokenUpload(error);
  });
  if (!(gathered instanceof Uint8Array)) return watched(gathered, attempt, run, hooks);
  expectHead(attempt, run, 0);
  return hooks.contentOf(gathered, attempt.exchange.arrival.head.method);
};

/** A body that can't be read is the client's doing: it left, or broke its own framing. */
const brokenUpload = (error: unknown): ProxyError =>
  error instanceof ProxyError
    ? error
    : new ProxyError("client-closed", { detail: "request body broke off", cause: error });
