/** Upstream servers that are functions. */
import type { HeaderPairs } from "../../src/http/header-edits.ts";
import { ProxyError } from "../../src/core/errors.ts";

/** What an upstream can do besides answering. */
export interface ScriptedExchange {
  /** Sends an interim response (1xx) ahead of the answer. Fields are name, value, …. */
  readonly interim: (status: number, fields?: HeaderPairs) => void;
  /** Sends these trailer fields (name, value, …) at the end of the answer's body. */
  readonly trailers: (fields: HeaderPairs) => void;
  /** The request's content, for methods whose `Request` can have none (GET, HEAD); null otherwise. */
  readonly content: ReadableStream<Uint8Array> | null;
}

/**
 * An upstream server. Gets the request as it would go over the wire (edited headers, `Host` included) and
 * answers, throws (the connection broke) or never settles (it hangs; `request.signal` tells when the proxy gave up).
 */
export type ScriptedUpstream = (request: Request, exchange: ScriptedExchange) => Response | Promise<Response>;

/** @throws ProxyError `upstream-reset` when the upstream throws, `internal` when it answers with something that is no answer. */
export const asked = async (
  upstream: ScriptedUpstream,
  name: string,
  request: Request,
  exchange: ScriptedExchange,
): Promise<Response> => {
  let answer: unknown;
  try {
    answer = await upstream(request, exchange);
  } catch (cause) {
    if (cause instanceof ProxyError) throw cause;
    throw new ProxyError("upstream-reset", {
      detail: `scripted upstream "${name}" threw`,
      cause,
      progress: "sent",
    });
  }
  return checked(answer, name);
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
