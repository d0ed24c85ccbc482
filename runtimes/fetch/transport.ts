/** Attempts by `fetch`: for runtimes whose own HTTP client is behind it. */
import type { Endpoint } from "../../src/core/endpoint.ts";
import { ProxyError } from "../../src/core/errors.ts";
import type { Attempt } from "../../src/core/exchange.ts";
import type { Transport } from "../../src/core/platform.ts";
import { editPairs } from "../../src/http/header-edits.ts";
import { AttemptRun } from "./attempt-run.ts";
import { downloadOf } from "./download.ts";
import { fetchFailure } from "./failures.ts";
import type { FetchHooks, HeaderEntries } from "./hooks.ts";
import { uploadOf } from "./upload.ts";

type StreamingInit = RequestInit & { duplex?: "half" };

/** A transport over `hooks.fetch`. Bodies that nobody has to look at are copied by the runtime itself. */
export const fetchTransport = (hooks: FetchHooks): Transport => {
  const inits = new WeakMap<Endpoint, object>();
  const initOf = (endpoint: Endpoint): object => {
    let init = inits.get(endpoint);
    if (init === undefined) {
      init = hooks.endpointInit(endpoint);
      inits.set(endpoint, init);
    }
    return init;
  };
  return {
    send: (attempt) => send(attempt, hooks, initOf(attempt.endpoint)),
    async close() {
      hooks.close?.();
    },
  };
};

const send = async (attempt: Attempt, hooks: FetchHooks, endpointInit: object): Promise<Response> => {
  const run = new AttemptRun(attempt, hooks.clock);
  try {
    run.check();
    refuseInexpressible(attempt);
    const { firstByteMs } = attempt.timeouts;
    hooks.mayBeQuiet?.(attempt, firstByteMs === 0 ? Number.POSITIVE_INFINITY : firstByteMs);
    const init: StreamingInit = {
      ...endpointInit,
      method: attempt.exchange.arrival.head.method,
      headers: fieldsOf(attempt, hooks),
      redirect: "manual",
      signal: run.signal,
    };
    const body = uploadOf(attempt, run, hooks.clock);
    if (body !== null) {
      init.body = body;
      init.duplex = "half";
    }
    const upstream = await hooks.fetch(attempt.endpoint.origin + attempt.target, init);
    run.headArrived();
    run.check();
    return downloadOf(upstream, attempt, run, hooks);
  } catch (thrown) {
    const failure = run.reason ?? fetchFailure(thrown, attempt.endpoint);
    run.stop(failure);
    throw failure;
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

const fieldsOf = (attempt: Attempt, hooks: FetchHooks): HeaderEntries => {
  const { exchange, requestEdits, endpoint } = attempt;
  const pairs = editPairs(exchange.arrival.head.pairs, requestEdits, exchange.drop);
  const entries: HeaderEntries = [];
  for (let i = 0; i < pairs.length; i += 2) entries.push([pairs[i] as string, pairs[i + 1] as string]);
  if (hooks.sendsHost && attempt.host !== endpoint.authority) entries.push(["host", attempt.host]);
  if (hooks.declaresLength && exchange.contentLength !== undefined && exchange.arrival.body.present) {
    entries.push(["content-length", String(exchange.contentLength)]);
  }
  hooks.adjustFields?.(entries);
  return entries;
};
