/** Hosts, address ranges, URLs of endpoints and paths. */
import ipaddr from "ipaddr.js";
import { parseAuthority } from "../../http/authority.ts";
import { UNIX_PEERS } from "../../http/address.ts";
import { compileTrusted } from "../../http/forwarded.ts";
import { normaliseConfigPath } from "../../routing/config-path.ts";
import * as patterns from "../schema/patterns.ts";
import { Refusal, REFUSED, type Schema } from "../schema/schema.ts";
import { because, text } from "../schema/values.ts";

export const readHost = (given: string): string | Refusal => {
  const authority = parseAuthority(given);
  if (authority !== undefined) {
    return authority.port === undefined ? authority.host : new Refusal("leave the port out");
  }
  if (/[^\u0020-\u007e]/.test(given)) {
    return new Refusal("names beyond ASCII are written in their xn-- form");
  }
  return given.includes("://") ? new Refusal("leave the scheme out") : REFUSED;
};

/** A host without port, or `*.` before one. Read in lower case. */
export const hostPattern: Schema<string> = text(
  'a host such as "api.example.com" or "*.example.com"',
  (given) => {
    if (!given.startsWith("*.")) {
      return given.includes("*") ? new Refusal('a "*" can only be the whole first label') : readHost(given);
    }
    const rest = readHost(given.slice(2));
    if (rest instanceof Refusal) return rest;
    return /^\[|^[\d.]+$/.test(rest) ? new Refusal("an address has no wildcard") : `*.${rest}`;
  },
  { pattern: patterns.HOST_PATTERN },
);

const isAuthority = (given: string): boolean => parseAuthority(given) !== undefined;

export const hostPolicy: Schema<string> = text(
  '"upstream", "preserve" or a host such as "app.internal:8080"',
  (given) => (isAuthority(given) ? given : REFUSED),
  { pattern: patterns.HOST_AND_PORT },
);

export const tlsName: Schema<string> = text('a host name such as "app.internal"', readHost, {
  pattern: patterns.HOST,
});

export const bindAddress: Schema<string> = text(
  'an address or name to bind, such as "0.0.0.0", "::" or "127.0.0.1"',
  (given) => (ipaddr.IPv6.isValid(given) || readHost(given) === given.toLowerCase() ? given : REFUSED),
  { pattern: patterns.BIND_ADDRESS },
);

/** Read as it is used: a mapped IPv4 address (`::ffff:10.0.0.0/104`) has bits that don't count. */
const isRange = (given: string): boolean => {
  try {
    return compileTrusted([given]).any;
  } catch {
    return false;
  }
};

const readRange = (given: string): string | Refusal => {
  const [address = "", bits, ...more] = given.split("/");
  const isV4 = ipaddr.IPv4.isValidFourPartDecimal(address);
  if (!(isV4 || ipaddr.IPv6.isValid(address)) || more.length > 0) return REFUSED;
  if (bits === undefined) return given;
  const most = isV4 ? 32 : 128;
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > most) {
    return new Refusal(`the prefix length is from 0 to ${most}`);
  }
  return isRange(given) ? given : new Refusal("the prefix length of an IPv4-mapped range is from 96 to 128");
};

/** A peer: by its address, or by the kind of socket where there are no addresses. */
export const peerRange: Schema<string> = text(
  'an IP address, a CIDR range such as "10.0.0.0/8" or "fd00::/8", or "unix"',
  (given) => (given === UNIX_PEERS ? given : readRange(given)),
  { pattern: `^${UNIX_PEERS}$|${patterns.ADDRESS_RANGE}` },
);

/** What a URL may have besides scheme, host and path, and a further reason to refuse it. */
interface UrlRules {
  readonly mayHaveQuery?: boolean;
  readonly refuse?: (url: URL) => string | undefined;
}

const readHttpUrl = (given: string, { mayHaveQuery = false, refuse }: UrlRules = {}): string | Refusal => {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    return isAuthority(given) ? new Refusal(`did you mean "http://${given}"?`) : REFUSED;
  }
  if (!/^https?:\/\//i.test(given)) return REFUSED;
  if (url.username !== "" || url.password !== "") {
    const note = "leave the credentials out; set an authorization header in requestHeaders instead";
    return new Refusal(note, { isSafe: true });
  }
  if (given.includes("?") && !mayHaveQuery) return new Refusal("leave the query out");
  if (given.includes("#")) return new Refusal("leave the fragment out");
  const reason = refuse?.(url);
  return reason === undefined ? given : new Refusal(reason);
};

/** An `http://` or `https://` URL that is like `pattern`, in the JSON Schema too. */
export const httpUrl = (expects: string, pattern: string, rules?: UrlRules): Schema<string> => {
  const expression = new RegExp(pattern);
  const read = (given: string): string | Refusal => {
    const url = readHttpUrl(given, rules);
    return url instanceof Refusal || expression.test(url) ? url : REFUSED;
  };
  return text(expects, read, { pattern });
};

export const endpointUrl: Schema<string> = text(
  'a URL such as "http://10.0.0.1:3000", "https://app.internal" or "unix:/run/app.sock"',
  (given) => {
    if (!given.startsWith("unix:")) return readHttpUrl(given);
    return /^unix:\/[^/\0]/.test(given)
      ? given
      : new Refusal("the socket's path is absolute, as in unix:/run/app.sock");
  },
  { pattern: patterns.ENDPOINT },
);

/** Where telemetry is sent. */
export const collectorUrl: Schema<string> = httpUrl(
  'a URL such as "http://localhost:4318"',
  patterns.HTTP_ENDPOINT,
);

/** A path in the one spelling that requests are compared in; a Refusal when no request can ever have it. */
export const readPath = (given: string): string | Refusal => {
  try {
    return normaliseConfigPath(given);
  } catch (error) {
    return because(error);
  }
};

/** A plain path. */
export const path: Schema<string> = text('a path such as "/login"', readPath, { pattern: patterns.PATH });
