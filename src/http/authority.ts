/** `Host` and the authority of a request target. */
import ipaddr from "ipaddr.js";

/** Where a client wants to go. */
export interface Authority {
  /** Lower-case, without the root's trailing dot; IPv6 in brackets, as in a URL. */
  readonly host: string;
  /** As given, else undefined. */
  readonly port: number | undefined;
}

const NAME_AND_PORT = /^([a-z0-9._~-]+)(?::(\d{0,5}))?$/i;
const LITERAL_AND_PORT = /^\[([0-9a-f:.]+)\](?::(\d{0,5}))?$/i;

const portOf = (digits: string | undefined): number | undefined =>
  digits === undefined || digits === "" ? undefined : Number(digits);

/**
 * Reads `host`, `host:port`, `[v6]` or `[v6]:port` (RFC 3986 §3.2, RFC 9110 §7.2).
 *
 * Stricter than the grammar, where a lenient reading lets two servers disagree: no user information, no
 * percent-escapes or sub-delimiters in names, no empty labels, ports up to 65535.
 *
 * @returns undefined when `value` is anything else.
 */
export const parseAuthority = (value: string): Authority | undefined => {
  if (value.length > 261) return undefined; // a name of 253 characters, its dot, a colon, five digits
  const literal = LITERAL_AND_PORT.exec(value);
  const match = literal ?? NAME_AND_PORT.exec(value);
  if (match === null) return undefined;
  const port = portOf(match[2]);
  if (port !== undefined && port > 65_535) return undefined;
  const name = (match[1] as string).toLowerCase();
  if (literal !== null) {
    return ipaddr.IPv6.isValid(name)
      ? { host: `[${ipaddr.IPv6.parse(name).toRFC5952String()}]`, port }
      : undefined;
  }
  const host = name.endsWith(".") ? name.slice(0, -1) : name;
  return host === "" || host.startsWith(".") || host.endsWith(".") || host.includes("..")
    ? undefined
    : { host, port };
};

/** `authority` as it is compared and put into keys: the port left out where it is the scheme's own. */
export const canonicalAuthority = (authority: Authority, scheme: "http" | "https"): string =>
  authority.port === undefined || authority.port === (scheme === "https" ? 443 : 80)
    ? authority.host
    : `${authority.host}:${authority.port}`;
