/** Node's HTTP server, configured so that nothing reaches a gateway that it could misunderstand. */
import { type IncomingMessage, type Server, type ServerOptions, createServer } from "node:http";
import type { Socket } from "node:net";
import { RequestError, getRequestListener } from "@hono/node-server";
import type { ListenConfig } from "../../src/config/types.ts";
import { ProxyError, asProxyError } from "../../src/core/errors.ts";
import type { Lifecycle } from "../../src/core/lifecycle.ts";
import { renderProblem } from "../../src/http/problem.ts";
import { Burst } from "./burst.ts";
import { discardRest } from "./discard.ts";
import { Outgoing } from "./outgoing.ts";
import { inTurn } from "./pipeline.ts";
import { answerAndClose, refuseClient, refuseTunnel } from "./refusals.ts";
import { mayLoseWhatFollows } from "./upgrade.ts";

/** Answers requests; @hono/node-server hands Hono's `fetch` the connection's objects as its `env`. */
export type Fetch = (request: Request, env: unknown) => Response | Promise<Response>;

/** Names the authority of requests that have no Host field, until screening refuses them. */
const NO_HOST = "unknown.invalid";
/** A client that takes no byte of what waits for it for this long is cut off. */
const STALLED_MS = 60_000;
/** Room for the request line's other parts and the fields' separators, which the finer limits don't count. */
const HEAD_OVERHEAD_BYTES = 4 * 1024;

/** A server for `fetch` that does not listen yet. */
export const createHttpServer = (
  fetch: Fetch,
  { limits, timeouts }: Pick<ListenConfig, "limits" | "timeouts">,
  lifecycle: Lifecycle,
): Server => {
  const options: ServerOptions<typeof IncomingMessage, typeof Outgoing> = {
    ServerResponse: Outgoing,
    // Screening applies the exact limits and names what is wrong; these bound what the parser takes in before.
    maxHeaderSize: limits.headerBytes + limits.targetBytes + HEAD_OVERHEAD_BYTES,
    insecureHTTPParser: false,
    requireHostHeader: false,
    joinDuplicateHeaders: false,
    // Bodies are timed by their gaps: a limit on the whole request would cut long uploads.
    requestTimeout: 0,
    headersTimeout: timeouts.headerMs,
    connectionsCheckingInterval: Math.min(1_000, Math.max(20, Math.floor(timeouts.headerMs / 10))),
    keepAliveTimeout: timeouts.keepAliveMs,
    noDelay: true,
    optimizeEmptyRequests: true,
  };
  const server = createServer(options);
  server.maxConnections = limits.connections;
  server.maxRequestsPerSocket = limits.requestsPerConnection;
  // Past a limit Node would drop fields in silence; screening refuses the request instead.
  server.maxHeadersCount = 0;
  server.timeout = STALLED_MS;
  const answer = answerWith(fetch, lifecycle);
  server.on("request", answer);
  server.on("checkContinue", (incoming: IncomingMessage, outgoing: Outgoing) => {
    continueOnRead(incoming, outgoing);
    answer(incoming, outgoing);
  });
  server.on("checkExpectation", answer);
  server.on("connect", (_incoming, socket) => refuseTunnel(socket));
  server.on("clientError", refuseClient);
  server.on("timeout", dropStalled);
  return server;
};

/** Hands requests to `fetch`, those of a connection one after the other, for as long as it is clear where each begins. */
const answerWith = (
  fetch: Fetch,
  lifecycle: Lifecycle,
): ((incoming: IncomingMessage, outgoing: Outgoing) => void) => {
  const listener = getRequestListener(fetch, {
    hostname: NO_HOST,
    errorHandler: refuseRequest,
    overrideGlobalObjects: true,
    autoCleanupIncoming: false,
  });
  const untrusted = new WeakSet<Socket>();
  const burst = new Burst();
  const inOrder = inTurn((incoming: IncomingMessage, outgoing: Outgoing): void => {
    if (incoming.httpVersionMajor !== 1) {
      answerAndClose(incoming.socket, "bad-request");
      return;
    }
    if (incoming.url === "*") spellOut(incoming);
    outgoing.lifecycle = lifecycle;
    outgoing.burst = burst;
    if (!incoming.readableEnded) outgoing.once("finish", () => discardRest(incoming, outgoing));
    void listener(incoming, outgoing);
  });
  return (incoming, outgoing) => {
    if (untrusted.has(incoming.socket)) return;
    const isUnknown = incoming.httpVersionMajor !== 1 || hasUnknownCoding(incoming);
    if (isUnknown || mayLoseWhatFollows(incoming)) {
      // Where the next request would begin is in doubt, so nothing that follows on this connection is one.
      untrusted.add(incoming.socket);
      outgoing.shouldKeepAlive = false;
    }
    inOrder(incoming, outgoing);
  };
};

/**
 * node-server builds a URL of every target. `OPTIONS *` has a spelling that can be one, a target without a path
 * (RFC 9112 §3.2.4).
 */
const spellOut = (incoming: IncomingMessage): void => {
  const { method, headers } = incoming;
  if (method === "OPTIONS" && headers.host !== undefined) incoming.url = `http://${headers.host}`;
};

/** Screening refuses it. */
const hasUnknownCoding = ({ headers }: IncomingMessage): boolean => {
  const coding = headers["transfer-encoding"];
  return coding !== undefined && coding.toLowerCase() !== "chunked";
};

/** A request whose URL node-server can't build never reaches the app. */
const refuseRequest = (thrown: unknown): Response => {
  const error =
    thrown instanceof RequestError ? new ProxyError("bad-request", { cause: thrown }) : asProxyError(thrown);
  const { status, title } = error.kind;
  const { contentType, body } = renderProblem(
    { status, code: error.code, title, requestId: undefined },
    undefined,
  );
  return new Response(body, { status, headers: { "content-type": contentType } });
};

/** `100 Continue` goes out when somebody starts to read the body, and not at all if nobody does. */
const continueOnRead = (incoming: IncomingMessage, outgoing: Outgoing): void => {
  outgoing.awaitsContinue = true;
  const read = incoming._read.bind(incoming);
  incoming._read = (size) => {
    incoming._read = read;
    if (outgoing.awaitsContinue && !outgoing.headersSent && !outgoing.destroyed) outgoing.writeContinue();
    outgoing.awaitsContinue = false;
    read(size);
  };
};

/** Also called for connections that were idle for the keep-alive time. */
const dropStalled = (socket: Socket & { _httpMessage?: unknown }): void => {
  const idle = socket._httpMessage === undefined || socket._httpMessage === null;
  if (idle || socket.writableLength > 0) socket.destroy();
};
