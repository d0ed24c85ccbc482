/** The request's content as `fetch` is given it. */
import type { Body, ByteSink, ByteSource } from "../../src/core/body.ts";
import { ProxyError } from "../../src/core/errors.ts";
import { IDEMPOTENT } from "../../src/http/method.ts";
import type { AttemptRun } from "./attempt-run.ts";
import { isIdleChosen } from "./idle-limit.ts";
import { byteSourceOf } from "../../src/web/byte-source.ts";
import { readableOf } from "../../src/web/readable.ts";
import type { TransportParts } from "./transport.ts";
import { WatchedSource } from "./watched-source.ts";

/** Sized content up to here is read whole before it is sent, unless its pauses matter: so its end is seen at the least cost. */
const WHOLE_BYTES = 64 * 1024;

/** A client that sends slower than this may find its request timed out where nobody sees its pauses. */
const SLOWEST_BYTES_PER_MS = 16;

export type Content = BodyInit | null;

/** The content; the limit on the response's head is set in motion with its end. */
export const uploadOf = (run: AttemptRun, parts: TransportParts): Content | Promise<Content> => {
  const { body, timeouts } = run.attempt;
  const { method } = run.attempt.exchange.arrival;
  switch (body.kind) {
    case "none":
      run.expectHead(timeouts.firstByteMs);
      return IDEMPOTENT.has(method) ? null : new Blob([]);
    case "bytes":
      return whole(body.bytes, run);
    case "native":
      return isUnwatched(body, run, parts)
        ? unwatched(body.stream, body.length, run, parts.sized)
        : streamed(body, byteSourceOf(body.stream, brokenUpload), run, parts);
    case "stream":
      return streamed(body, body.source, run, parts);
  }
};

/** Some `fetch` sends a request again whose connection broke, whatever its method, unless its content is a stream or a blob. */
const whole = (bytes: Uint8Array, run: AttemptRun): BodyInit => {
  run.bytesSent = bytes.byteLength;
  run.expectHead(run.attempt.timeouts.firstByteMs);
  // Content is never in memory that threads share.
  const content = bytes as Uint8Array<ArrayBuffer>;
  return IDEMPOTENT.has(run.attempt.exchange.arrival.method) ? content : new Blob([content]);
};

type SizedBody = Extract<Body, { kind: "native" }> & { readonly length: number };

/** Whether the runtime copies the content by itself: where nothing that was asked for depends on seeing its pauses. */
const isUnwatched = (
  body: Extract<Body, { kind: "native" }>,
  { attempt }: AttemptRun,
  { passesThrough }: TransportParts,
): body is SizedBody => passesThrough && body.length !== undefined && !isIdleChosen(attempt.timeouts);

/** Of such content only the end is seen, so its pauses may add up to what a slow client needs for all of it. */
const unwatched = (
  stream: ReadableStream<Uint8Array>,
  length: number,
  run: AttemptRun,
  sized: TransportParts["sized"],
): BodyInit | Promise<BodyInit> => {
  const { idleMs } = run.attempt.timeouts;
  const slow = (): void =>
    run.stop(new ProxyError("request-timeout", { detail: "request body took too long (timeouts.idle)" }));
  const limitMs = idleMs + Math.ceil(length / SLOWEST_BYTES_PER_MS);
  const stopTimer = idleMs === 0 ? undefined : run.clock.after(limitMs, slow);
  if (length <= WHOLE_BYTES || sized === undefined) {
    return new Response(stream).arrayBuffer().then(
      (bytes) => {
        stopTimer?.();
        if (bytes.byteLength !== length) throw otherLength(length);
        return whole(new Uint8Array(bytes), run);
      },
      (thrown: unknown) => {
        stopTimer?.();
        throw brokenUpload(thrown);
      },
    );
  }
  const relayed = sized(stream, length);
  relayed.ended.then(
    () => {
      stopTimer?.();
      run.bytesSent = length;
      run.expectHead(run.attempt.timeouts.firstByteMs);
    },
    // The client left, or the upstream takes no more: the request's own failure or its response says which.
    () => stopTimer?.(),
  );
  return relayed.stream;
};

const streamed = (
  { length }: Extract<Body, { length: unknown }>,
  source: ByteSource,
  run: AttemptRun,
  { sized }: TransportParts,
): BodyInit | Promise<BodyInit> => {
  const { idleMs, firstByteMs } = run.attempt.timeouts;
  const isWhole = length !== undefined && length <= WHOLE_BYTES && !isIdleChosen(run.attempt.timeouts);
  let isEnough = false;
  const watched = new WatchedSource(source, {
    clock: run.clock,
    idleMs,
    stalled: () =>
      new ProxyError("request-timeout", { detail: `request body paused for ${idleMs} ms (timeouts.idle)` }),
    unread: () =>
      new ProxyError("attempt-timeout", {
        detail: `upstream stopped reading the request body for ${idleMs} ms (timeouts.idle)`,
      }),
    passed: (bytes) => {
      if (!isWhole) run.bytesSent += bytes;
    },
    ended: (error) => {
      if (error === undefined || isEnough) run.expectHead(firstByteMs);
      else run.stop(error);
    },
  });
  run.whenStopped((reason) => watched.breakOff(reason));
  if (isWhole) return collected(watched, length).then((bytes) => whole(bytes, run));
  const declined = (): ProxyError => {
    // The upstream has answered, or will soon, or is gone, which its own failure says.
    isEnough = true;
    return new ProxyError("upstream-reset", { detail: "the rest of the request body was not read" });
  };
  const body = readableOf(watched, { declined });
  if (length === undefined || sized === undefined) return body;
  const { stream, ended } = sized(body, length);
  // What breaks off on either side is seen by its own end.
  ended.catch(() => {});
  return stream;
};

const collected = (source: ByteSource, length: number): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const bytes = new Uint8Array(length);
    let at = 0;
    const sink: ByteSink = {
      write(piece) {
        if (at + piece.byteLength <= length) bytes.set(piece, at);
        at += piece.byteLength;
        return true;
      },
      end: () => (at === length ? resolve(bytes) : reject(otherLength(length))),
      fail: reject,
    };
    source.start(sink);
  });

const otherLength = (length: number): ProxyError =>
  new ProxyError("client-closed", { detail: `request body is not of the announced ${length} bytes` });

/** A body that can't be read is the client's fault: it left, or broke its own framing. */
const brokenUpload = (thrown: unknown): ProxyError =>
  thrown instanceof ProxyError
    ? thrown
    : new ProxyError("client-closed", { detail: "request body broke off", cause: thrown });
