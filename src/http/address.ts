/** IP addresses in one spelling, and ranges of them. */
import ipaddr from "ipaddr.js";

type Ip = ipaddr.IPv4 | ipaddr.IPv6;

const parse = (text: string): Ip | undefined => {
  const zone = text.indexOf("%");
  const bare = zone === -1 ? text : text.slice(0, zone);
  // Shorthands and octal (`127.1`, `0177.0.0.1`) are read differently by different libraries: not addresses here.
  if (bare.includes(":") ? !ipaddr.IPv6.isValid(bare) : !ipaddr.IPv4.isValidFourPartDecimal(bare)) {
    return undefined;
  }
  return ipaddr.process(bare);
};

/**
 * An address in its one spelling (RFC 5952): brackets, zone and IPv4-mapping (`::ffff:`) are taken off.
 *
 * @returns undefined when `text` is no IP address.
 */
export const normaliseAddress = (text: string): string | undefined => {
  const inner = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  return parse(inner)?.toString();
};

/**
 * The address in an entry of a forwarding chain: `1.2.3.4`, `1.2.3.4:567`, `2001:db8::1`, `[2001:db8::1]:567`.
 *
 * @returns undefined for anything else, `unknown` and pseudonyms included.
 */
export const addressOfNode = (node: string): string | undefined => {
  const text = node.trim();
  const bracketed = /^\[([^\]]+)\](?::[\w.-]+)?$/.exec(text);
  if (bracketed !== null) {
    const inner = bracketed[1] as string;
    return inner.includes(":") ? normaliseAddress(inner) : undefined;
  }
  const colon = text.indexOf(":");
  const onePort = colon !== -1 && text.indexOf(":", colon + 1) === -1;
  return onePort && !/^\d{1,5}$/.test(text.slice(colon + 1))
    ? undefined
    : normaliseAddress(onePort ? text.slice(0, colon) : text);
};

/** What one client has at its disposal: an IPv4 address, or the /64 of an IPv6 address. Other text stays as it is. */
export const clientNetwork = (address: string): string => {
  const ip = parse(address);
  return ip instanceof ipaddr.IPv6 ? `${ip.parts.slice(0, 4).join(":")}/64` : address;
};

/** What stands in a list of ranges for all who connect to a Unix socket. */
export const UNIX_PEERS = "unix";

/** The other end of a connection, as far as it matters whether it is trusted. */
export interface PeerAddress {
  /** Empty where it is not known. */
  readonly address: string;
  /** Whether it came by a Unix socket, where nobody has an address. */
  readonly isUnix?: boolean | undefined;
}

/** A set of peers. */
export interface TrustedRanges {
  /** False: nobody is in it. */
  readonly any: boolean;
  /** Whether `address`, in any spelling, is in one of the ranges. */
  has(address: string): boolean;
  /** Whether the peer is in it. One whose address is not known never is. */
  includes(peer: PeerAddress): boolean;
}

/** Peers remembered with their answer. Proxies in front are few; the bound is for those who scan. */
const REMEMBERED = 1024;

const parseRange = (text: string): [Ip, number] => {
  const value = text.trim();
  const slash = value.indexOf("/");
  const address = parse(slash === -1 ? value : value.slice(0, slash));
  const mapped = value.includes(":") && address?.kind() === "ipv4";
  const most = address?.kind() === "ipv4" ? 32 : 128;
  const suffix = slash === -1 ? undefined : value.slice(slash + 1);
  if (suffix !== undefined && !/^\d{1,3}$/.test(suffix)) throw new RangeError(describe(text));
  const bits = suffix === undefined ? most : Number(suffix) - (mapped ? 96 : 0);
  if (address === undefined || bits < 0 || bits > most) throw new RangeError(describe(text));
  return [address, bits];
};

const describe = (text: string): string =>
  `trusted range ${JSON.stringify(text)} is neither an IP address nor a CIDR range`;

const NOBODY: TrustedRanges = Object.freeze({ any: false, has: () => false, includes: () => false });

/**
 * Compiles addresses, CIDR ranges and `UNIX_PEERS` once. A question about an address costs one map look-up after the first time.
 *
 * @throws RangeError naming the entry that is neither.
 */
export const compileTrusted = (ranges: readonly string[]): TrustedRanges => {
  if (ranges.length === 0) return NOBODY;
  const hasUnix = ranges.includes(UNIX_PEERS);
  const parsed = ranges.filter((range) => range !== UNIX_PEERS).map(parseRange);
  const known = new Map<string, boolean>();
  const contains = (address: string): boolean => {
    const ip = parse(address);
    if (ip === undefined) return false;
    return parsed.some(([range, bits]) => range.kind() === ip.kind() && ip.match(range, bits));
  };
  const has = (address: string): boolean => {
    const remembered = known.get(address);
    if (remembered !== undefined) return remembered;
    const answer = contains(address);
    if (known.size >= REMEMBERED) known.clear();
    known.set(address, answer);
    return answer;
  };
  const includes = ({ address, isUnix }: PeerAddress): boolean =>
    isUnix === true ? hasUnix : address !== "" && has(address);
  return { any: true, has, includes };
};
