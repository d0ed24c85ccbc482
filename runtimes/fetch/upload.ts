/** The request's content on its way upstream. */
import { ProxyError } from "../../src/core/errors.ts";
import type { Attempt } from "../../src/core/exchange.ts";
import type { AttemptRun } from "./attempt-run.ts";
import { unreadBytes } from "../../src/core/web-arrival.ts";
import { gather, joined } from "./gather.ts";
import type { FetchHooks } from "./hooks.ts";
import { isIdleChosen } from "./idle.ts";
import { type BodySource, sourceOf, watchedBody } from "./watched-body.ts";

/** A client that sends slower than this may find its request timed out before it ends. */
const SLOWEST_BYTES_PER_MS = 16;

/** Sized content up to this many bytes is read whole before it is sent: so its end is known, at the least price. */
const WHOLE_BYTES = 64 * 1024;

/** Longest that content of untold length and without a limit may take, as nobody sees its end. */
const UNTOLD_LENGTH_MS = 60 * 60 * 1_000;

/**
 * What to send as content; the timer for the response head is set in motion.
 *
 * The time to the first byte counts from the end of the upload. Small content is read whole first. Where the
 * runtime copies large content itself nobody sees its end, so the limit is longer by what the slowest acceptable
 * client would need.
 */
export const uploadOf = (
  attempt: Attempt,
  run: AttemptRun,
  hooks: FetchHooks,
): BodyInit | null | Promise<BodyInit | null> => {
  const { exchange, timeouts } = attempt;
  const { method } = exchange.arrival.head;
  const length = exchange.contentLength;
  if (!exchange.arrival.body.present) {
    expectHead(attempt, run, 0);
    return hooks.contentOf(undefined, method);
  }
  const paced = isIdleChosen(timeouts) || hooks.watchesAll === true;
  if (length !== undefined && length <= WHOLE_BYTES && !paced) return whole(length, attempt, run, hooks);
  const stream = exchange.arrival.body.stream();
  if (stream === null) throw new ProxyError("internal", { detail: "content without a stream of it" });
  const counted = length === undefined && exchange.maxBodyBytes !== Number.POSITIVE_INFINITY;
  if (counted || paced) return watched(sourceOf(stream), attempt, run, hooks);
  if (length === undefined) {
    expectHead(attempt, run, UNTOLD_LENGTH_MS);
    return stream;
  }
  if (hooks.gathers?.(method, length) === true)
    return gathered(sourceOf(stream), length, attempt, run, hooks);
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
    unread: () =>
      new ProxyError("attempt-timeout", {
        detail: `upstream stopped reading the request body for ${idleMs} ms`,
      }),
    tooLong: () => new ProxyError("body-too-large", { detail: `request body is over ${maxBodyBytes} bytes` }),
    ended(error) {
      if (error === undefined) expectHead(attempt, run, 0);
      else run.stop(brokenUpload(error));
    },
    // It has answered, or will soon, or is gone, which its own failure says.
    declined: () => expectHead(attempt, run, 0),
  });
  return contentLength === undefined || hooks.sized === undefined ? body : hooks.sized(body, contentLength);
};

/** Pauses can't be told apart here, so the default limit on one is a limit on their sum. A chosen one is kept to the letter. */
const whole = (
  length: number,
  attempt: Attempt,
  run: AttemptRun,
  hooks: FetchHooks,
): Promise<BodyInit | null> => {
  const { idleMs } = attempt.timeouts;
  const { request, head } = attempt.exchange.arrival;
  if (idleMs !== 0) {
    run.expect(
      idleMs + allowanceMs(length),
      () => new ProxyError("request-timeout", { detail: "slow request body" }),
    );
  }
  return new Promise((resolve, reject) => {
    run.whenStopped(reject);
    unreadBytes(request).then(
      (bytes) => {
        if (run.reason !== undefined) return;
        if (bytes.byteLength !== length) {
          reject(brokenUpload(new Error(`content ended after ${bytes.byteLength} of ${length} bytes`)));
          return;
        }
        expectHead(attempt, run, 0);
        resolve(hooks.contentOf(bytes, head.method));
      },
      (error: unknown) => reject(brokenUpload(error)),
    );
  });
};

const gathered = async (
  source: BodySource,
  length: number,
  attempt: Attempt,
  run: AttemptRun,
  hooks: FetchHooks,
): Promise<BodyInit | null> => {
  const content = await gather(source, length, hooks.clock).catch((error: unknown) => {
    throw brokenUpload(error);
  });
  if ("read" in content) return watched(content, attempt, run, hooks);
  expectHead(attempt, run, 0);
  return hooks.contentOf(joined(content, length), attempt.exchange.arrival.head.method);
};

/** A body that can't be read is the client's doing: it left, or broke its own framing. */
export const brokenUpload = (error: unknown): ProxyError =>
  error instanceof ProxyError
    ? error
    : new ProxyError("client-closed", { detail: "request body broke off", cause: error });
