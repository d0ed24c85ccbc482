/** The request's content on its way upstream. */
import { ProxyError } from "../../src/core/errors.ts";
import type { Attempt } from "../../src/core/exchange.ts";
import type { Clock } from "../../src/core/platform.ts";
import type { AttemptRun } from "./attempt-run.ts";
import { isIdleChosen } from "./idle.ts";
import { watchedBody } from "./watched-body.ts";

/** Content up to this size is taken to be on its way when the request is. */
const SMALL_BYTES = 64 * 1024;
/** A client that sends slower than this may find its request timed out before it ends. */
const SLOWEST_BYTES_PER_MS = 16;

/**
 * The body to send, and the timer for the response head set in motion.
 *
 * The time to the first byte counts from the end of the upload. Where the runtime copies the body itself nobody
 * sees that end, so the limit is longer by what the slowest acceptable client would need.
 */
export const uploadOf = (
  attempt: Attempt,
  run: AttemptRun,
  clock: Clock,
): ReadableStream<Uint8Array> | null => {
  const { exchange, timeouts } = attempt;
  const stream = exchange.arrival.body.present ? exchange.arrival.body.stream() : null;
  const expectHead = (extraMs: number): void =>
    run.expectHead(
      timeouts.firstByteMs === 0 ? 0 : timeouts.firstByteMs + extraMs,
      () =>
        new ProxyError("attempt-timeout", { detail: `no response head within ${timeouts.firstByteMs} ms` }),
    );
  if (stream === null) {
    expectHead(0);
    return null;
  }
  const length = exchange.contentLength;
  if (length !== undefined && !isIdleChosen(timeouts)) {
    expectHead(allowanceMs(length));
    return stream;
  }
  return watchedBody(stream, {
    clock,
    idleMs: timeouts.idleMs,
    maxBytes: exchange.maxBodyBytes,
    stalled: () =>
      new ProxyError("request-timeout", { detail: `request body paused for ${timeouts.idleMs} ms` }),
    tooLong: () =>
      new ProxyError("body-too-large", { detail: `request body is over ${exchange.maxBodyBytes} bytes` }),
    ended(error) {
      if (error === undefined) expectHead(0);
      else run.stop(uploadFailure(error));
    },
  });
};

/** A body that can't be read is the client's doing: it left, or broke its own framing. */
const uploadFailure = (error: unknown): ProxyError =>
  error instanceof ProxyError
    ? error
    : new ProxyError("client-closed", { detail: "request body broke off", cause: error });

/** Rounded up to a power of two seconds, so that few different durations are in use. */
const allowanceMs = (length: number): number => {
  if (length <= SMALL_BYTES) return 0;
  return 1_000 * 2 ** Math.ceil(Math.log2(length / SLOWEST_BYTES_PER_MS / 1_000));
};
