/** What `fetch` rejects with, as the proxy's own errors. */
import type { Endpoint } from "../../src/core/endpoint.ts";
import { type ErrorCode, ProxyError } from "../../src/core/errors.ts";

/**
 * Runtimes tell the reason in `code` (Bun) or only in the text of the error or of its cause (Deno, workerd). The texts
 * are their HTTP libraries' and are matched loosely; what nobody recognises is a reset.
 */
const CONNECT_CODES: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ConnectionRefused",
  "FailedToOpenSocket",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
  "ETIMEDOUT",
]);

const CONNECT_TEXT =
  /client error \(Connect\)|connection refused|dns error|failed to lookup|unable to connect|failed to open socket|tls handshake|certificate|are blocked|no such file/i;

const MALFORMED_CODES: ReadonlySet<string> = new Set([
  "InvalidContentLength",
  "InvalidHTTPResponse",
  "Malformed_HTTP_Response",
  "UnrequestedUpgrade",
  "ResponseHeadersTooLarge",
  "InvalidChunk",
]);

const MALFORMED_TEXT =
  /invalid (?:http|content-length|header|chunk|status|uri)|parsed\b|message head is too large/i;

/** Deno's words for a request body whose client is gone, or gone wrong. */
const CLIENT_TEXT = /request body as underlying resource unavailable|while reading HTTP\/1 body/;

/** The one `ProxyError` for whatever made an attempt fail. `cause` keeps the chain. */
export const fetchFailure = (thrown: unknown, endpoint: Endpoint): ProxyError => {
  if (thrown instanceof ProxyError) return thrown;
  const { code, text } = described(thrown);
  const found = failureCode(code, text);
  return new ProxyError(found, {
    detail: `${found === "connect-failed" ? "could not connect to" : "no valid response from"} ${endpoint.socketPath ?? endpoint.authority}`,
    cause: thrown,
  });
};

const failureCode = (code: string, text: string): ErrorCode => {
  if (CLIENT_TEXT.test(text)) return "client-closed";
  if (CONNECT_CODES.has(code) || isCertificateCode(code) || CONNECT_TEXT.test(text)) return "connect-failed";
  if (MALFORMED_CODES.has(code) || MALFORMED_TEXT.test(text)) return "bad-upstream-response";
  return "upstream-reset";
};

const isCertificateCode = (code: string): boolean =>
  code.includes("CERT") || code.startsWith("ERR_TLS") || code.startsWith("UNABLE_TO_");

const described = (thrown: unknown): { readonly code: string; readonly text: string } => {
  let code = "";
  let text = "";
  let current = thrown;
  for (let depth = 0; depth < 4 && current instanceof Error; depth++) {
    if (code === "" && "code" in current && typeof current.code === "string") code = current.code;
    text += ` ${current.message}`;
    current = current.cause;
  }
  return { code, text };
};
