/** What a proxy says about the client and itself in the fields it sends upstream. */
import { identityOf } from "../core/connection-tls.ts";
import type { Exchange } from "../core/exchange.ts";
import { serialiseForwarded } from "../http/forwarded.ts";

export interface ForwardingOptions {
  readonly xForwarded: boolean;
  readonly forwarded: boolean;
  readonly via: string | false;
  /** Sends `Client-Cert` (RFC 9440). */
  readonly clientCert: boolean;
}

/** Fields about a client's certificate (RFC 9440), which go where the proxy sends its own. */
export const REPLACED_BY_CERTIFICATE: readonly string[] = ["client-cert", "client-cert-chain"];

/**
 * Fields of the incoming request that `pushForwardingFields` writes anew. They go whether or not the proxy
 * sends its own: what an untrusted client claims is never passed off as a trusted hop's word. Other
 * `X-Forwarded-*` fields of untrusted peers are in `Exchange.drop`, those that carry the id in `Exchange.idFields`.
 */
export const REPLACED_BY_FORWARDING: readonly string[] = [
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-forwarded-port",
  "forwarded",
];

/** The port behind a host, or the scheme's own. Behind a colon in brackets, of an IPv6 address, is none. */
const portOf = (host: string, scheme: "http" | "https"): string => {
  const colon = host.lastIndexOf(":");
  if (colon > host.lastIndexOf("]")) return host.slice(colon + 1);
  return scheme === "https" ? "443" : "80";
};

/** Appends to `fields` (name, value, …) what this exchange sends. `Via` is added to those of earlier hops. */
export const pushForwardingFields = (
  fields: string[],
  exchange: Exchange,
  options: ForwardingOptions,
): void => {
  const { client } = exchange;
  if (options.xForwarded) {
    if (client.forwardedFor !== "") fields.push("x-forwarded-for", client.forwardedFor);
    if (client.host !== "") fields.push("x-forwarded-host", client.host);
    fields.push("x-forwarded-proto", client.scheme);
    const port = client.forwardedPort ?? portOf(client.host, client.scheme);
    fields.push("x-forwarded-port", String(port));
  }
  if (options.forwarded) fields.push("forwarded", serialiseForwarded(client));
  if (options.via !== false) fields.push("via", `${exchange.arrival.version ?? "1.1"} ${options.via}`);
  if (options.clientCert) {
    const identity = identityOf(exchange.arrival);
    // A byte sequence of structured fields (RFC 9651 §3.3.5).
    if (identity.status === "verified") fields.push("client-cert", `:${identity.certificate.der}:`);
  }
  for (const header of exchange.idFields) fields.push(header, exchange.id);
};
