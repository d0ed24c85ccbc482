/** A transport whose upstreams are functions. */
import { ProxyError, asProxyError } from "../../src/core/errors.ts";
import type { Attempt } from "../../src/core/exchange.ts";
import type { Clock, Transport } from "../../src/core/platform.ts";
import { editHeaders, editPairs } from "../../src/http/header-edits.ts";
import { nominatedBy } from "../../src/http/headers.ts";

/**
 * An upstream server. Gets the request as it would go over the wire (edited headers, `Host` included) and
 * answers, throws (the connection broke) or never settles (it hangs; `request.signal` tells when the proxy gave up).
 */
export type ScriptedUpstream = (request: Request) => Response | Promise<Response>;

export interface MemoryTransportOptions {
  /** Upstream servers by origin, e.g. `"http://10.0.0.1:3000"`. An origin that is missing refuses connections. */
  readonly upstreams: Readonly<Record<string, ScriptedUpstream>>;
  readonly clock: Clock;
}

/** Keeps a transport's promises without a network: first-byte timeout, cancellation, response edits. */
export const memoryTransport = ({ upstreams, clock }: MemoryTransportOptions): Transport => ({
  async send(attempt) {
    const upstream = upstreams[attempt.endpoint.origin];
    if (upstream === undefined) {
      throw new ProxyError("connect-failed", { detail: `nobody listens at ${attempt.endpoint.origin}` });
    }
    const abort = new AbortController();
    const response = await answerInTime(upstream, attempt, { clock, abort });
    return editedResponse(response, attempt);
  },
  async close() {},
});

const answerInTime = (
  upstream: ScriptedUpstream,
  attempt: Attempt,
  { clock, abort }: { clock: Clock; abort: AbortController },
): Promise<Response> =>
  new Promise((resolve, reject) => {
    const finish = (settle: () => void): void => {
      stopTimer();
      stopListening();
      settle();
    };
    const giveUp = (error: ProxyError): void =>
      finish(() => {
        reject(error);
        abort.abort(error);
      });
    const { firstByteMs } = attempt.timeouts;
    const stopTimer =
      firstByteMs === 0
        ? () => {}
        : clock.after(firstByteMs, () =>
            giveUp(
              new ProxyError("attempt-timeout", { detail: `no response head within ${firstByteMs} ms` }),
            ),
          );
    let stopListening = (): void => {};
    stopListening = attempt.cancellation.subscribe(giveUp);
    // Not `Promise.try`: Node 22 has none.
    new Promise<Response>((settle) => settle(upstream(requestOf(attempt, abort.signal)))).then(
      (response) => finish(() => resolve(response)),
      (cause: unknown) =>
        finish(() =>
          reject(
            cause instanceof ProxyError ? asProxyError(cause) : new ProxyError("upstream-reset", { cause }),
          ),
        ),
    );
  });

const requestOf = (attempt: Attempt, signal: AbortSignal): Request => {
  const { exchange, endpoint, requestEdits } = attempt;
  const { head, body } = exchange.arrival;
  const headers = new Headers();
  const pairs = editPairs(head.pairs, requestEdits, exchange.drop);
  for (let i = 0; i < pairs.length; i += 2) headers.append(pairs[i] ?? "", pairs[i + 1] ?? "");
  headers.set("host", attempt.host);
  if (exchange.contentLength !== undefined) headers.set("content-length", String(exchange.contentLength));
  const init: RequestInit & { duplex?: "half" } = { method: head.method, headers, signal };
  if (body.present) {
    init.body = body.stream();
    init.duplex = "half";
  }
  return new Request(endpoint.origin + attempt.target, init);
};

const editedResponse = (response: Response, { responseEdits }: Attempt): Response => {
  const headers = new Headers(response.headers);
  const connection = headers.get("connection");
  editHeaders(headers, responseEdits, connection === null ? undefined : nominatedBy(connection));
  return new Response(response.body, { status: response.status, headers });
};
