/** Sends attempts over undici's `dispatch`, from Node's raw header list to node-server's light `Response`. */
import type { Dispatcher } from "undici";
import type { Endpoint } from "../../src/core/endpoint.ts";
import type { Attempt } from "../../src/core/exchange.ts";
import { ProxyError } from "../../src/core/errors.ts";
import type { Transport } from "../../src/core/platform.ts";
import { editPairs } from "../../src/http/header-edits.ts";
import { AttemptRun } from "./attempt-run.ts";
import { serverNameOf } from "./client.ts";
import { EndpointConnections } from "./pool.ts";
import { type RequestBody, mayComeWithHead, requestBody, wholeBody } from "./request-body.ts";

/** A transport with connections of its own. */
export const nodeTransport = (): Transport => {
  const pools = new Map<string, EndpointConnections>();
  const routes = new WeakMap<Endpoint, Route>();
  let closed = false;

  const routeTo = ({ endpoint, timeouts }: Attempt): Route => {
    const known = routes.get(endpoint);
    if (known !== undefined) return known;
    // Equal endpoints of several plans or upstreams share their connections.
    const key = `${timeouts.connectMs} ${endpoint.key}`;
    const connections = pools.get(key) ?? new EndpointConnections(endpoint, timeouts.connectMs);
    pools.set(key, connections);
    const route = { connections, serverName: serverNameOf(endpoint) };
    routes.set(endpoint, route);
    return route;
  };

  const run = (attempt: Attempt, whole?: RequestBody): Promise<Response> =>
    new Promise((resolve, reject) => {
      const body = whole ?? requestBody(attempt);
      const { content, upload } = body;
      const { connections, serverName } = routeTo(attempt);
      const request = requestOptions(attempt, serverName, body);
      new AttemptRun({ attempt, connections, request, content, upload, resolve, reject }).start();
    });

  return {
    send(attempt) {
      const { reason } = attempt.cancellation;
      if (reason !== undefined) return Promise.reject(reason);
      if (closed) return Promise.reject(new ProxyError("draining"));
      const { arrival } = attempt.exchange;
      return mayComeWithHead(arrival)
        ? Promise.resolve().then(() => run(attempt, wholeBody(arrival)))
        : run(attempt);
    },
    async close() {
      closed = true;
      await Promise.all([...pools.values()].map((pool) => pool.close()));
      pools.clear();
    },
  };
};

interface Route {
  readonly connections: EndpointConnections;
  readonly serverName: string;
}

const requestOptions = (
  attempt: Attempt,
  serverName: string,
  { body, content }: RequestBody,
): Dispatcher.DispatchOptions & { servername: string } => {
  const { exchange, target, host, requestEdits, timeouts } = attempt;
  const { head } = exchange.arrival;
  const headers = editPairs(head.pairs, requestEdits, exchange.drop);
  headers.push("host", host);
  const { contentLength } = exchange;
  // An app may have taken the content away and left its length.
  if (contentLength !== undefined && (body !== null || contentLength === 0)) {
    headers.push("content-length", `${contentLength}`);
  }
  return {
    path: target,
    method: head.method,
    headers,
    body: body ?? null,
    // It would also count while an upstream that reads slowly holds the content up: the run times these itself.
    headersTimeout: content === undefined ? timeouts.firstByteMs : 0,
    // One name for all requests of a client: undici reconnects when it changes.
    servername: serverName === "" ? "address" : serverName,
  };
};
