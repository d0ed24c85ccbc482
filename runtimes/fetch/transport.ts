/** Attempts by `fetch`: for runtimes whose own HTTP client is behind it. */
import type { Endpoint } from "../../src/core/endpoint.ts";
import { ProxyError } from "../../src/core/errors.ts";
import type { Attempt } from "../../src/core/exchange.ts";
import type { Transport } from "../../src/core/platform.ts";
import { editPairs } from "../../src/http/header-edits.ts";
import { AttemptRun } from "./attempt-run.ts";
import { downloadOf } from "./download.ts";
import { fetchFailure } from "./failures.ts";
import type { FetchHooks } from "./hooks.ts";
import { orForEver } from "./idle.ts";
import { uploadOf } from "./upload.ts";

type StreamingInit = RequestInit & { duplex?: "half" };

/** What is remembered of an endpoint. */
interface Known {
  readonly init: object;
  /** It answered before, so a connection to it may be an old one. */
  answered: boolean;
}

/** A transport over `hooks.fetch`. Bodies that nobody has to look at are copied by the runtime itself. */
export const fetchTransport = (hooks: FetchHooks): Transport => {
  const endpoints = new WeakMap<Endpoint, Known>();
  const knownOf = (endpoint: Endpoint): Known => {
    let known = endpoints.get(endpoint);
    if (known === undefined) {
      known = { init: hooks.endpointInit(endpoint), answered: false };
      endpoints.set(endpoint, known);
    }
    return known;
  };
  return {
    send: (attempt) => send(attempt, hooks, knownOf(attempt.endpoint)),
    async close() {
      hooks.close?.();
    },
  };
};

const send = async (attempt: Attempt, hooks: FetchHooks, known: Known): Promise<Response> => {
  const run = new AttemptRun(attempt, hooks.clock);
  try {
    if (run.reason !== undefined) return await Promise.reject(run.reason);
    refuseInexpressible(attempt);
    hooks.mayBeQuiet?.(attempt, orForEver(attempt.timeouts.firstByteMs));
    const url = attempt.endpoint.origin + attempt.target;
    const init: StreamingInit = {
      ...known.init,
      method: attempt.exchange.arrival.head.method,
      headers: fieldsOf(attempt, hooks),
      redirect: "manual",
      signal: run.signal,
    };
    const upload = uploadOf(attempt, run, hooks);
    const content = upload instanceof Promise ? await upload : upload;
    if (content !== null) {
      init.body = content;
      init.duplex = "half";
    }
    const repeatable =
      hooks.repeatsUnanswered && known.answered && content === null && isRepeatable(init.method);
    const upstream = await (repeatable ? fetchTwice(url, init, attempt, hooks) : hooks.fetch(url, init));
    run.answered();
    known.answered = true;
    const response = downloadOf(upstream, attempt, run, hooks);
    return response instanceof Promise ? await response : response;
  } catch (thrown) {
    const failure = run.reason ?? fetchFailure(thrown, attempt.endpoint);
    run.stop(failure);
    hooks.over?.(attempt);
    throw failure;
  }
};

/**
 * Safe methods only (RFC 9110 §9.2.1), not all idempotent ones: the first request may have been carried out, as nobody
 * tells here whether its connection was an old one, and a second DELETE is answered otherwise than the first.
 */
const isRepeatable = (method: string | undefined): boolean =>
  method === "GET" || method === "HEAD" || method === "OPTIONS";

/** Once more when the first one got no answer and was not given up. */
const fetchTwice = async (
  url: string,
  init: RequestInit,
  { endpoint }: Attempt,
  hooks: FetchHooks,
): Promise<Response> => {
  try {
    return await hooks.fetch(url, init);
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    const failure = fetchFailure(error, endpoint);
    if (failure.code !== "upstream-reset") throw failure;
    return hooks.fetch(url, init);
  }
};

/** What `fetch` has no words for is refused instead of being changed into something else. */
const refuseInexpressible = ({ exchange, target }: Attempt): void => {
  const { method } = exchange.arrival.head;
  if ((method === "GET" || method === "HEAD") && exchange.arrival.body.present) {
    throw new ProxyError("not-implemented", { detail: `fetch sends no content with ${method}` });
  }
  if (target === "*") throw new ProxyError("not-implemented", { detail: "fetch sends no target *" });
};

const fieldsOf = (attempt: Attempt, hooks: FetchHooks): HeadersInit => {
  const { exchange, requestEdits, endpoint } = attempt;
  const pairs = editPairs(exchange.arrival.head.pairs, requestEdits, exchange.drop);
  if (hooks.sendsHost && attempt.host !== endpoint.authority) pairs.push("host", attempt.host);
  if (hooks.declaresLength && exchange.contentLength !== undefined && exchange.arrival.body.present) {
    pairs.push("content-length", String(exchange.contentLength));
  }
  return hooks.fieldsInit(pairs);
};
