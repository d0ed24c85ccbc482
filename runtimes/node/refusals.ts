/** Answers to what Node's HTTP parser refuses, given on the bare socket. */
import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { ERROR_KINDS, type ErrorCode, ProxyError } from "../../src/core/errors.ts";
import { renderProblem } from "../../src/http/problem.ts";
import type { Outgoing } from "./outgoing.ts";

/** A refused client gets this long to read its answer while it may still be sending. */
const LINGER_MS = 1_000;

/** The response that owns the socket at the moment, where Node keeps it. */
type HttpSocket = Duplex & { _httpMessage?: (Outgoing & { req: IncomingMessage }) | null };

/** For the server's `clientError`: at most one answer for each connection, and never into another response. */
export const refuseClient = (error: Error & { code?: string }, duplex: Duplex): void => {
  const socket: HttpSocket = duplex;
  const code = refusalFor(error.code);
  if (code === undefined || !socket.writable || socket.writableEnded) {
    socket.destroy();
    return;
  }
  const response = socket._httpMessage ?? undefined;
  if (response === undefined) {
    answerAndClose(socket, code);
  } else if (response.req.complete) {
    // What follows an earlier request on this connection is malformed; that request still gets its answer.
    response.shouldKeepAlive = false;
    response.once("finish", () => {
      if (socket.writable) answerAndClose(socket, code);
    });
  } else {
    // The rest of its content never comes: what is under way for it ends now, not when the client has read its answer.
    response.refusal = new ProxyError(code, { cause: error });
    if (response.headersSent || response.socket === null) {
      response.destroy();
    } else {
      response.detachSocket(response.socket);
      response.destroy();
      response.emit("close");
      answerAndClose(socket, code);
    }
  }
};

/**
 * For the server's `connect`: there is no tunnel. What Node has let go of is looked after here: the socket's errors, and
 * answers still due to earlier requests, which can't go on and which nothing else may be written into.
 */
export const refuseTunnel = (duplex: Duplex): void => {
  const socket: HttpSocket = duplex;
  socket.on("error", () => {});
  const response = socket._httpMessage ?? undefined;
  if (response === undefined) {
    answerAndClose(socket, "method-not-allowed", { Allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" });
  } else {
    response.destroy();
  }
};

/** Undefined where there is nobody left to answer. */
const refusalFor = (code: string | undefined): ErrorCode | undefined => {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return "header-too-large";
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return "body-too-large";
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return "request-timeout";
    default:
      return code?.startsWith("HPE_") === true ? "bad-request" : undefined;
  }
};

/** Writes a problem answer, ends the connection, and drops it once the client had time to read. */
export const answerAndClose = (
  socket: Duplex,
  code: ErrorCode,
  fields: Readonly<Record<string, string>> = {},
): void => {
  const { status, title } = ERROR_KINDS[code];
  const { contentType, body } = renderProblem({ status, code, title, requestId: undefined }, undefined);
  const extra = Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nConnection: close\r\nContent-Type: ${contentType}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n${extra}\r\n${body}`,
  );
  socket.removeAllListeners("data").resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  timer.unref();
  socket.once("close", () => clearTimeout(timer));
};
