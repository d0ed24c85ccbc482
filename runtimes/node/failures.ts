/** What undici and the sockets below it report, as the proxy's own errors. */
import { type ErrorCode, ProxyError } from "../../src/core/errors.ts";
import type { Endpoint } from "../../src/core/endpoint.ts";

/** How far an attempt had come. */
export type Phase = "connecting" | "waiting" | "receiving";

const codeOf = (error: Error): string =>
  "code" in error && typeof error.code === "string" ? error.code : "";

/** The one `ProxyError` for whatever made an attempt fail. `cause` keeps the chain. */
export const transportFailure = (thrown: unknown, phase: Phase, endpoint: Endpoint): ProxyError => {
  if (thrown instanceof ProxyError) return thrown;
  const where = endpoint.socketPath ?? endpoint.authority;
  if (!(thrown instanceof Error)) return new ProxyError("internal", { detail: where, cause: thrown });
  return new ProxyError(failureCode(thrown, phase), {
    detail: `${whatHappened[phase]} ${where}`,
    cause: thrown,
  });
};

/** The connection ended, by the other side or below it; no timeout, no malformed message. */
export const isConnectionLoss = (error: Error): boolean => {
  const code = codeOf(error);
  return (
    code === "ECONNRESET" ||
    code === "EPIPE" ||
    (code === "UND_ERR_SOCKET" && !isMalformedResponse(error, code))
  );
};

const whatHappened: Readonly<Record<Phase, string>> = {
  connecting: "could not connect to",
  waiting: "no response from",
  receiving: "response broke off from",
};

const failureCode = (error: Error, phase: Phase): ErrorCode => {
  const code = codeOf(error);
  switch (code) {
    case "UND_ERR_INVALID_ARG":
    case "UND_ERR_NOT_SUPPORTED":
      return "internal";
    case "UND_ERR_DESTROYED":
    case "UND_ERR_CLOSED":
      return "draining";
    case "UND_ERR_HEADERS_TIMEOUT":
    case "UND_ERR_BODY_TIMEOUT":
      return "attempt-timeout";
    case "UND_ERR_HEADERS_OVERFLOW":
    case "UND_ERR_RES_EXCEEDED_MAX_SIZE":
      return "bad-upstream-response";
    default:
      break;
  }
  if (phase === "connecting") return "connect-failed";
  // Before the end of the head it is a length given twice, later a body cut short.
  const contradictory = phase === "waiting" && code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH";
  return contradictory || isMalformedResponse(error, code) ? "bad-upstream-response" : "upstream-reset";
};

/** What ended in the middle is no malformed response. Unasked and switched protocols are told by the message alone. */
const isMalformedResponse = (error: Error, code: string): boolean =>
  (error.name === "HTTPParserError" && code !== "HPE_INVALID_EOF_STATE") ||
  (code === "UND_ERR_SOCKET" && error.message.startsWith("bad "));
