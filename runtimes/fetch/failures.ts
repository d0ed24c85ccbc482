/** What `fetch` rejects with, as the proxy's own errors: by codes alone. Texts may hold anything, the client's URL included. */
import type { Endpoint } from "../../src/core/endpoint.ts";
import { type ErrorCode, ProxyError } from "../../src/core/errors.ts";

/** No connection was made, so nothing was sent. */
const CONNECT_CODES: ReadonlySet<string> = new Set([
  "ConnectionRefused",
  "EADDRNOTAVAIL",
  "EAI_AGAIN",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
  "ENOTFOUND",
  "EPROTO",
  "FailedToOpenSocket",
  "UND_ERR_CONNECT_TIMEOUT",
]);

const isTlsCode = (code: string): boolean =>
  code.includes("CERT") ||
  code.startsWith("ERR_TLS") ||
  code.startsWith("ERR_SSL") ||
  code.startsWith("UNABLE_TO_") ||
  code === "DEPTH_ZERO_SELF_SIGNED_CERT";

/** Something came that is no HTTP response. */
const MALFORMED_CODES: ReadonlySet<string> = new Set([
  "InvalidChunk",
  "InvalidContentLength",
  "InvalidHTTPResponse",
  "Malformed_HTTP_Response",
  "ResponseHeadersTooLarge",
  "UND_ERR_HEADERS_OVERFLOW",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
  "UnrequestedUpgrade",
]);

const MAX_CAUSES = 4;

/** Codes of an error and of the errors behind it. Some runtimes name none. */
const codesOf = (thrown: unknown): readonly string[] => {
  const codes: string[] = [];
  let current = thrown;
  for (let depth = 0; depth < MAX_CAUSES && current instanceof Error; depth++) {
    if ("code" in current && typeof current.code === "string") codes.push(current.code);
    current = current.cause;
  }
  return codes;
};

const codeFor = (codes: readonly string[]): ErrorCode => {
  if (codes.some((code) => CONNECT_CODES.has(code) || isTlsCode(code))) return "connect-failed";
  if (codes.some((code) => MALFORMED_CODES.has(code) || code.startsWith("HPE_")))
    return "bad-upstream-response";
  return "upstream-reset";
};

const SENTENCES: Readonly<Partial<Record<ErrorCode, string>>> = {
  "connect-failed": "could not connect to",
  "bad-upstream-response": "invalid response from",
};

/** The one `ProxyError` for whatever made an attempt fail. Where no code says more, the connection was lost. */
export const fetchFailure = (thrown: unknown, endpoint: Endpoint): ProxyError => {
  if (thrown instanceof ProxyError) return thrown;
  const code = codeFor(codesOf(thrown));
  return new ProxyError(code, {
    detail: `${SENTENCES[code] ?? "no response from"} ${endpoint.authority}`,
    cause: thrown,
    progress: code === "connect-failed" ? "connecting" : "sent",
  });
};
