/** What sockets report, as the proxy's own errors: by code and phase, never by the text of a message. */
import type { Endpoint } from "../../../src/core/endpoint.ts";
import { type ErrorCode, ProxyError } from "../../../src/core/errors.ts";
import type { Progress } from "../../../src/core/outcome.ts";
import { errorCode } from "../../error-code.ts";

/** What operators read. Nothing else of a runtime's error goes into a sentence: its text may hold anything. */
const SENTENCES: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EADDRNOTAVAIL: "no local address or port is left to connect from",
  EAI_AGAIN: "the name could not be looked up",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EHOSTUNREACH: "no route to it",
  EMFILE: "this process may open no more files",
  ENETUNREACH: "no route to its network",
  ENOENT: "there is no such socket",
  ENOTFOUND: "its name does not exist",
  EPIPE: "connection closed",
  ETIMEDOUT: "the network gave up on it",
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet",
  CERT_REVOKED: "its certificate was revoked",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed (set tls.ca to trust it)",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate comes from an authority that is not trusted",
  UNABLE_TO_GET_ISSUER_CERT: "its certificate comes from an authority that is not trusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate comes from an authority that is not trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate comes from an authority that is not trusted",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS; is the URL https for a plain HTTP server?",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "it does not speak TLS; is the URL https for a plain HTTP server?",
};

const NAMED = /^[A-Z][A-Z0-9_]{1,60}$/;
/** A TLS alert about certificates: the peer refuses this client's, or wants one. */
const CERTIFICATE_ALERT = /^ERR_SSL_.*ALERT_.*(?:CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/;

const reasonFor = (code = ""): string => {
  const sentence = SENTENCES[code];
  if (sentence !== undefined) return sentence;
  if (CERTIFICATE_ALERT.test(code)) return "it does not accept this client's certificate, or requires one";
  if (code.startsWith("ERR_SSL_")) return `the TLS handshake failed (${code})`;
  return NAMED.test(code) ? code : "the connection ended";
};

/** How an endpoint is called in messages. */
const nameOf = ({ upstream, authority, socketPath }: Endpoint): string =>
  `upstream "${upstream}" at ${socketPath ?? authority}`;

/** No connection could be made. */
export const connectFailure = (endpoint: Endpoint, thrown: unknown): ProxyError =>
  new ProxyError("connect-failed", {
    detail: `could not connect to ${nameOf(endpoint)}: ${reasonFor(errorCode(thrown))}`,
    cause: thrown,
    progress: "connecting",
  });

/** A connection that was used has ended before the response did. `thrown` is undefined where it was closed in order. */
export const connectionLost = (endpoint: Endpoint, thrown: unknown, progress: Progress): ProxyError => {
  const code = errorCode(thrown) ?? "";
  const reason = thrown === undefined ? "connection closed" : reasonFor(code);
  // With TLS 1.3 the handshake is over for the client before the server has looked at its certificate.
  const refused = progress === "sent" && CERTIFICATE_ALERT.test(code);
  return attemptFailure(refused ? "connect-failed" : "upstream-reset", endpoint, {
    what: progress === "head" ? `the response broke off: ${reason}` : `no response: ${reason}`,
    progress,
    cause: thrown,
  });
};

/** A tunnel's connection has ended before the tunnel did. */
export const tunnelLost = (endpoint: Endpoint, thrown: unknown): ProxyError =>
  attemptFailure("upstream-reset", endpoint, {
    what: `the tunnel broke off: ${thrown === undefined ? "connection closed" : reasonFor(errorCode(thrown))}`,
    progress: "head",
    cause: thrown,
  });

interface Failure {
  /** The end of a sentence that begins with the endpoint's name. */
  readonly what: string;
  readonly progress: Progress;
  readonly cause?: unknown;
}

/** Any failure that concerns an endpoint. */
export const attemptFailure = (
  code: ErrorCode,
  endpoint: Endpoint,
  { what, progress, cause }: Failure,
): ProxyError => new ProxyError(code, { detail: `${nameOf(endpoint)}: ${what}`, progress, cause });

/** What the source of a request's content is told when the upstream has answered without it. */
export const contentUnwanted = (): ProxyError =>
  new ProxyError("upstream-reset", { detail: "the upstream has answered and takes no more content" });
