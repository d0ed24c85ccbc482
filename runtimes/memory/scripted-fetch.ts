/** A `fetch` whose servers are functions. It ends with its signal as a real one does, content in both directions included. */
import { ProxyError } from "../../src/core/errors.ts";
import { type BodySource, sourceOf } from "../fetch/watched-body.ts";

/**
 * An upstream server. Gets the request as it would go over the wire (edited headers, `Host` included) and
 * answers, throws (the connection broke) or never settles (it hangs; `request.signal` tells when the proxy gave up).
 */
export type ScriptedUpstream = (request: Request) => Response | Promise<Response>;

/** What `fetch` was asked for. */
export interface ScriptedCall {
  /** How the upstream is called in messages. */
  readonly name: string;
  readonly url: string;
  readonly init: RequestInit;
}

/** What a socket takes of content that the upstream doesn't read. */
const IN_FLIGHT_BYTES = 64 * 1024;

/**
 * Rejects with the signal's reason once that is aborted, with `upstream-reset` when the upstream throws, and with `internal` when
 * it answers with something that is no answer. An answer that comes too late is cancelled.
 */
export const scriptedFetch = (upstream: ScriptedUpstream, call: ScriptedCall): Promise<Response> =>
  new Promise((resolve, reject) => {
    const signal = call.init.signal as AbortSignal;
    const giveUp = (): void => reject(signal.reason as ProxyError);
    if (signal.aborted) {
      giveUp();
      return;
    }
    signal.addEventListener("abort", giveUp, { once: true });
    answerOf(upstream, call, signal).then((answer) => {
      if (signal.aborted) discard(answer, signal.reason);
      else resolve(received(answer, call.init.method, signal));
    }, reject);
  });

/** The head goes out with the first piece of content, so that a limit on that piece counts before the upstream is asked. */
const answerOf = async (
  upstream: ScriptedUpstream,
  { name, url, init }: ScriptedCall,
  signal: AbortSignal,
): Promise<Response> => {
  const sent = { ...init };
  if (init.body instanceof ReadableStream) {
    const { body, begun } = sending(init.body as ReadableStream<Uint8Array>, signal);
    sent.body = body;
    await begun;
  }
  const request = new Request(url, sent);
  if (!request.headers.has("host")) request.headers.set("host", new URL(url).host);
  return checked(await asked(upstream, request, name), name);
};

const asked = async (upstream: ScriptedUpstream, request: Request, name: string): Promise<unknown> => {
  try {
    return await upstream(request);
  } catch (cause) {
    throw cause instanceof ProxyError
      ? cause
      : new ProxyError("upstream-reset", { detail: `scripted upstream "${name}" threw`, cause });
  }
};

const isResponse = (answer: unknown): answer is Response =>
  typeof answer === "object" && answer !== null && "headers" in answer && "bodyUsed" in answer;

const checked = (answer: unknown, name: string): Response => {
  const refuse = (what: string): ProxyError =>
    new ProxyError("internal", { detail: `scripted upstream "${name}" ${what}` });
  if (!isResponse(answer)) throw refuse(`answered with ${kindOf(answer)}; expected a Response`);
  if (answer.type === "error") throw refuse("answered with Response.error(); throw to break the connection");
  if (answer.bodyUsed || answer.body?.locked === true)
    throw refuse("answered with a Response whose body was read before");
  return answer;
};

const kindOf = (value: unknown): string =>
  value === undefined || value === null ? String(value) : `a value of type ${typeof value}`;

/** The answer as it comes over the wire: one to HEAD without content. */
const received = (answer: Response, method: string | undefined, signal: AbortSignal): Response => {
  const { status, headers, body } = answer;
  if (body === null) return answer;
  if (method !== "HEAD") return new Response(until(signal, sourceOf(body)), { status, headers });
  discard(answer, undefined);
  return new Response(null, { status, headers });
};

const discard = ({ body }: Response, reason: unknown): void => {
  // Nobody waits for it: the body is given up already, and its failure to end says nothing new.
  body?.cancel(reason).catch(() => {});
};

/** `content` on its way, and when the first of it, or its end, is there. */
const sending = (
  content: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): { readonly body: ReadableStream<Uint8Array>; readonly begun: Promise<void> } => {
  const source = sourceOf(content);
  let begin = (): void => {};
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const told: BodySource = {
    read: async () => {
      const piece = await source.read();
      begin();
      return piece;
    },
    cancel: (reason) => source.cancel(reason),
  };
  return { body: until(signal, told, IN_FLIGHT_BYTES), begun };
};

/** The bytes of `source`, of which up to `ahead` are read before they are asked for. */
const until = (signal: AbortSignal, source: BodySource, ahead = 0): ReadableStream<Uint8Array> =>
  new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const abort = (): void => {
          controller.error(signal.reason);
          source.cancel(signal.reason).catch(() => {});
        };
        signal.addEventListener("abort", abort, { once: true });
      },
      async pull(controller) {
        const piece = await source.read();
        if (signal.aborted) return;
        if (piece === undefined) controller.close();
        else controller.enqueue(piece);
      },
      cancel: (reason) => source.cancel(reason),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: ahead }),
  );
