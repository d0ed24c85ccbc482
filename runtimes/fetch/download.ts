/** The upstream's response as a reply. */
import { type Body, NO_BODY } from "../../src/core/body.ts";
import { ProxyError } from "../../src/core/errors.ts";
import type { Attempt } from "../../src/core/exchange.ts";
import type { HttpReply } from "../../src/core/reply.ts";
import { isEventStream } from "../../src/http/media-type.ts";
import { isContentless } from "../../src/http/status.ts";
import type { AttemptRun } from "./attempt-run.ts";
import { byteSourceOf } from "../../src/web/byte-source.ts";
import { fetchFailure } from "./failures.ts";
import { isIdleChosen } from "./idle-limit.ts";
import { type ResponseFields, responseFields } from "./response-fields.ts";
import type { TransportParts } from "./transport.ts";
import { WatchedSource } from "./watched-source.ts";

/**
 * Sized content up to here is read whole before the reply goes on, unless its pauses matter: so its end is seen at the least
 * cost. Reading piece by piece costs some runtimes more than all the rest.
 */
const WHOLE_BYTES = 16 * 1024;

/** @throws ProxyError where the response can't be passed on. */
export const downloadOf = async (
  response: Response,
  run: AttemptRun,
  parts: TransportParts,
): Promise<HttpReply> => {
  const { status } = response;
  const { attempt } = run;
  if (status < 200 || status > 599) throw invalid(`status ${status}`, run);
  const head = responseFields(response, parts);
  if ("flaw" in head) throw invalid(head.flaw, run);
  const { fields, length } = head;
  if (isContentless(status) || attempt.exchange.arrival.method === "HEAD") {
    response.body?.cancel().catch(() => {});
    complete(run);
    const declaredLength = status === 204 || status === 205 ? undefined : length;
    return { kind: "http", status, fields, body: NO_BODY, declaredLength };
  }
  if (response.body === null) {
    complete(run);
    return { kind: "http", status, fields, body: NO_BODY };
  }
  const stream = response.body;
  if (mayPass(head, run, parts)) {
    // Nothing of it is seen from here on, its end included.
    run.settle(undefined);
    return { kind: "http", status, fields, body: { kind: "native", length, stream } };
  }
  const idleMs = idleMsOf(head, attempt);
  const isWhole = length !== undefined && length <= WHOLE_BYTES && !mustWatch(head, run);
  const body = isWhole
    ? await whole(response, { length, idleMs }, run)
    : streamed(stream, { length, idleMs }, run);
  return { kind: "http", status, fields, body };
};

const invalid = (what: string, { attempt }: AttemptRun): ProxyError =>
  new ProxyError("bad-upstream-response", {
    detail: `${what} from ${attempt.endpoint.authority}`,
    progress: "head",
  });

const complete = (run: AttemptRun): void => {
  run.progress = "done";
  run.settle(undefined);
};

const idleMsOf = ({ contentType }: ResponseFields, { timeouts }: Attempt): number =>
  isEventStream(contentType) ? timeouts.eventStreamIdleMs : timeouts.idleMs;

const whole = async (
  response: Response,
  { length, idleMs }: { readonly length: number; readonly idleMs: number },
  run: AttemptRun,
): Promise<Body> => {
  const stalled = (): void => run.stop(stalledFor(idleMs));
  const stopTimer = idleMs === 0 ? undefined : run.clock.after(idleMs, stalled);
  try {
    const bytes = new Uint8Array(await response.arrayBuffer());
    run.bytesReceived = bytes.byteLength;
    if (bytes.byteLength !== length) throw invalid(`${bytes.byteLength} of ${length} bytes`, run);
    complete(run);
    return { kind: "bytes", bytes };
  } finally {
    stopTimer?.();
  }
};

const stalledFor = (ms: number): ProxyError =>
  new ProxyError("attempt-timeout", {
    detail: `response body paused for ${ms} ms (timeouts.idle)`,
    progress: "head",
  });

const streamed = (
  stream: ReadableStream<Uint8Array>,
  { length, idleMs }: { readonly length: number | undefined; readonly idleMs: number },
  run: AttemptRun,
): Body => {
  const source = byteSourceOf(stream, (thrown) => run.reason ?? brokenDownload(thrown, run));
  const watched = new WatchedSource(source, {
    clock: run.clock,
    idleMs,
    stalled: () => stalledFor(idleMs),
    unread: () =>
      new ProxyError("client-closed", { detail: `client stopped reading for ${idleMs} ms (timeouts.idle)` }),
    passed: (bytes) => (run.bytesReceived += bytes),
    ended: (error) => {
      if (error === undefined) complete(run);
      else run.stop(error);
    },
  });
  run.whenStopped((reason) => watched.breakOff(reason));
  return { kind: "stream", length, source: watched };
};

/** Whether the runtime is left to copy the body. One that keeps content encoded would decode it for whoever reads it. */
const mayPass = (head: ResponseFields, run: AttemptRun, parts: TransportParts): boolean =>
  head.isEncoded || (parts.passesThrough && !mustWatch(head, run));

/** Whether something that was asked for depends on seeing the body. */
const mustWatch = ({ contentType }: ResponseFields, { attempt }: AttemptRun): boolean =>
  isIdleChosen(attempt.timeouts) ||
  attempt.exchange.endsAt !== Number.POSITIVE_INFINITY ||
  isEventStream(contentType);

const brokenDownload = (thrown: unknown, { attempt }: AttemptRun): ProxyError => {
  if (thrown instanceof ProxyError) return thrown;
  const { code } = fetchFailure(thrown, attempt.endpoint);
  return new ProxyError(code === "bad-upstream-response" ? code : "upstream-reset", {
    detail: `response body from ${attempt.endpoint.authority} broke off`,
    cause: thrown,
    progress: "head",
  });
};
