/** The upstream's response as a reply. */
import { type Body, NO_BODY } from "../../src/core/body.ts";
import { ProxyError } from "../../src/core/errors.ts";
import type { HttpReply } from "../../src/core/reply.ts";
import { isEventStream } from "../../src/http/media-type.ts";
import { isContentless } from "../../src/http/status.ts";
import type { AttemptRun } from "./attempt-run.ts";
import { byteSourceOf } from "../../src/web/byte-source.ts";
import { fetchFailure } from "./failures.ts";
import { isIdleChosen } from "./idle-limit.ts";
import { responseFields } from "./response-fields.ts";
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
  const { fields, length, isEncoded } = head;
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
  // A runtime that keeps content encoded decodes it for whoever reads it.
  const mayRead = !(parts.keepsCodings && isEncoded);
  if (mayRead && length !== undefined && length <= WHOLE_BYTES && !mustWatch(response, run)) {
    return { kind: "http", status, fields, body: await whole(response, length, run) };
  }
  return {
    kind: "http",
    status,
    fields,
    body: streamed(response.body, length, { run, parts, mayRead, response }),
  };
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

const idleMsOf = (response: Response, { timeouts }: AttemptRun["attempt"]): number =>
  isEventStream(response.headers.get("content-type")) ? timeouts.eventStreamIdleMs : timeouts.idleMs;

const whole = async (response: Response, length: number, run: AttemptRun): Promise<Body> => {
  const idleMs = idleMsOf(response, run.attempt);
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
  new ProxyError("attempt-timeout", { detail: `response body paused for ${ms} ms (timeouts.idle)`, progress: "head" });

interface StreamedParts {
  readonly run: AttemptRun;
  readonly parts: TransportParts;
  readonly mayRead: boolean;
  readonly response: Response;
}

const streamed = (
  stream: ReadableStream<Uint8Array>,
  length: number | undefined,
  { run, parts, mayRead, response }: StreamedParts,
): Body => {
  if (!mayRead || (parts.passesThrough && !mustWatch(response, run))) {
    // Nothing of it is seen from here on, its end included.
    run.settle(undefined);
    return { kind: "native", length, stream };
  }
  const { attempt, clock } = run;
  const idleMs = idleMsOf(response, attempt);
  const source = byteSourceOf(stream, (thrown) => run.reason ?? brokenDownload(thrown, run));
  const watched = new WatchedSource(source, {
    clock,
    idleMs,
    stalled: () => stalledFor(idleMs),
    unread: () => new ProxyError("client-closed", { detail: `client stopped reading for ${idleMs} ms (timeouts.idle)` }),
    passed: (bytes) => (run.bytesReceived += bytes),
    ended: (error) => {
      if (error === undefined) complete(run);
      else run.stop(error);
    },
  });
  run.whenStopped((reason) => watched.breakOff(reason));
  return { kind: "stream", length, source: watched };
};

/** Whether something that was asked for depends on seeing the body. */
const mustWatch = (response: Response, { attempt }: AttemptRun): boolean =>
  isIdleChosen(attempt.timeouts) ||
  attempt.exchange.endsAt !== Number.POSITIVE_INFINITY ||
  isEventStream(response.headers.get("content-type"));

const brokenDownload = (thrown: unknown, { attempt }: AttemptRun): ProxyError => {
  if (thrown instanceof ProxyError) return thrown;
  const { code } = fetchFailure(thrown, attempt.endpoint);
  return new ProxyError(code === "bad-upstream-response" ? code : "upstream-reset", {
    detail: `response body from ${attempt.endpoint.authority} broke off`,
    cause: thrown,
    progress: "head",
  });
};
