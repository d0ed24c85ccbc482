/** Who the client is, as far as hops that the config trusts tell; RFC 7239 and `X-Forwarded-*`. */
import { type PeerAddress, type TrustedRanges, addressOfNode, normaliseAddress } from "./address.ts";
import { parseAuthority } from "./authority.ts";
import { forwardedNode, parseForwarded, serialiseElement } from "./forwarded-field.ts";
import type { HeaderPairs } from "./header-edits.ts";
import { joinedValue } from "./headers.ts";

export { type TrustedRanges, compileTrusted } from "./address.ts";

export interface ResolvedClient {
  /** The client's address in its one spelling; the peer's where nobody vouches for another; "" where unknown. */
  readonly address: string;
  readonly scheme: "http" | "https";
  /** Authority that the client asked for, lower-case, with port if it was given. */
  readonly host: string;
  /** Port that the client connected to, where a trusted proxy says so. */
  readonly forwardedPort: number | undefined;
  /** Whether the peer itself is a trusted proxy. */
  readonly trustedPeer: boolean;
  /**
   * Value of `X-Forwarded-For` to send on: the client, the trusted hops, the peer. "" when nobody is known.
   * Entries left of the client are left out: nobody vouches for them, and upstreams that read the leftmost
   * entry would believe them.
   */
  readonly forwardedFor: string;
  /** Lower-case names of the forwarding fields in this request that must not be sent on as they are. */
  readonly drop: readonly string[];
}

const NONE: readonly string[] = Object.freeze([]);

/** Fields that this proxy writes itself, so that even a trusted peer's go. */
const REWRITTEN: ReadonlySet<string> = new Set([
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-proto",
]);

/** Names that say where a request came from, and by whom (RFC 9440): believed from trusted peers only. */
const tellsOrigin = (name: string): boolean =>
  name.startsWith("x-forwarded-") ||
  name === "forwarded" ||
  name === "x-real-ip" ||
  name === "client-cert" ||
  name === "client-cert-chain";

const [C, F, X] = [0x63, 0x66, 0x78] as const;

/** Nearly every name ends here: "x" and "f", and long enough, or "c" and one of two lengths. */
const mayTellOrigin = (name: string): boolean => {
  const first = name.charCodeAt(0) | 0x20;
  const { length } = name;
  return first === C ? length === 11 || length === 17 : (first === X || first === F) && length >= 9;
};

const forwardingFields = (pairs: HeaderPairs, trustedPeer: boolean): readonly string[] => {
  let names: string[] | undefined;
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i] as string;
    if (!mayTellOrigin(name)) continue;
    const lower = name.toLowerCase();
    if (trustedPeer ? REWRITTEN.has(lower) : tellsOrigin(lower)) (names ??= []).push(lower);
  }
  return names ?? NONE;
};

/** What one family of fields says, every list in the order of the hops, leftmost nearest to the client. */
interface Chain {
  /** Undefined for an entry that is no address. */
  readonly addresses: readonly (string | undefined)[];
  readonly schemes: readonly (string | undefined)[];
  readonly hosts: readonly (string | undefined)[];
  readonly ports: readonly (string | undefined)[];
}

const listOf = (value: string | undefined): string[] =>
  value === undefined || value.trim() === "" ? [] : value.split(",").map((entry) => entry.trim());

/**
 * `X-Forwarded-For`, `-Proto`, `-Host` and `-Port` where there is any of them, else `Forwarded`; never a mix of both.
 *
 * Most proxies in use write `X-Forwarded-For` and pass a client's `Forwarded` on without looking at it, so
 * where both are present, `Forwarded` is the one that nobody may have vouched for. A trusted proxy that
 * writes `Forwarded` alone has to remove `X-Forwarded-*`.
 */
const readChain = (pairs: HeaderPairs): Chain => {
  const forwardedFor = joinedValue(pairs, "x-forwarded-for");
  const proto = joinedValue(pairs, "x-forwarded-proto");
  const host = joinedValue(pairs, "x-forwarded-host");
  const port = joinedValue(pairs, "x-forwarded-port");
  const forwarded = joinedValue(pairs, "forwarded");
  if (forwarded === undefined || (forwardedFor ?? proto ?? host ?? port) !== undefined) {
    return {
      addresses: listOf(forwardedFor).map(addressOfNode),
      schemes: listOf(proto),
      hosts: listOf(host),
      ports: listOf(port),
    };
  }
  const elements = parseForwarded(forwarded);
  return {
    addresses: elements.map((element) =>
      element?.for === undefined ? undefined : addressOfNode(element.for),
    ),
    schemes: elements.map((element) => element?.proto),
    hosts: elements.map((element) => element?.host),
    ports: [],
  };
};

/** Index of the client: the rightmost entry that is not itself a trusted hop; -1 when none can be read. */
const clientIndex = (addresses: Chain["addresses"], trusted: TrustedRanges): number => {
  let at = -1;
  for (let i = addresses.length - 1; i >= 0; i--) {
    const address = addresses[i];
    // Whoever wrote this entry can't be told: what stands left of it is hearsay.
    if (address === undefined) break;
    at = i;
    if (!trusted.has(address)) break;
  }
  return at;
};

/**
 * The entry that speaks of the client: the one beside its address where both lists have the same length (each hop
 * appended to both), else the rightmost, which the peer itself wrote.
 */
const beside = (list: readonly (string | undefined)[], index: number, hops: number): string | undefined =>
  list.length === hops && index >= 0 ? list[index] : list.at(-1);

const schemeOf = (text: string | undefined): "http" | "https" | undefined => {
  const lower = text?.toLowerCase();
  return lower === "http" || lower === "https" ? lower : undefined;
};

const hostOf = (text: string | undefined): string | undefined => {
  const authority = text === undefined ? undefined : parseAuthority(text);
  if (authority === undefined) return undefined;
  return authority.port === undefined ? authority.host : `${authority.host}:${authority.port}`;
};

const portOf = (text: string | undefined): number | undefined => {
  const port = text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port > 0 && port <= 65_535 ? port : undefined;
};

/**
 * Resolves the client behind the peer.
 *
 * From a peer outside of `trusted`, forwarding fields are lies or noise: they change nothing and are in `drop`.
 * From a trusted peer the chain is walked from the right over trusted addresses; the first other address is
 * the client. A malformed entry stops the walk at the last good one. `Forwarded` counts only where there is
 * no `X-Forwarded-For`, `-Proto`, `-Host` or `-Port`.
 *
 * @param peer other end of the connection. One without an address is left out of `forwardedFor`.
 * @param scheme of the connection, whatever a target in absolute form says (RFC 9110 §4.2).
 * @param authority as screened.
 */
export const resolveClient = (
  pairs: HeaderPairs,
  peer: PeerAddress,
  scheme: "http" | "https",
  authority: string,
  trusted: TrustedRanges,
): ResolvedClient => {
  const { address } = peer;
  const own = address.includes(":") ? (normaliseAddress(address) ?? address) : address;
  const trustedPeer = trusted.any && trusted.includes(peer);
  const drop = forwardingFields(pairs, trustedPeer);
  if (!trustedPeer || drop.length === 0) {
    return {
      address: own,
      scheme,
      host: authority,
      forwardedPort: undefined,
      trustedPeer,
      forwardedFor: own,
      drop,
    };
  }
  const { addresses, schemes, hosts, ports } = readChain(pairs);
  const index = clientIndex(addresses, trusted);
  const hops = addresses.length;
  const known = index === -1 ? [] : (addresses.slice(index) as string[]);
  return {
    address: known[0] ?? own,
    scheme: schemeOf(beside(schemes, index, hops)) ?? scheme,
    host: hostOf(beside(hosts, index, hops)) ?? authority,
    forwardedPort: portOf(beside(ports, index, hops)),
    trustedPeer,
    forwardedFor: (own === "" ? known : [...known, own]).join(", "),
    drop,
  };
};

/**
 * Value of `Forwarded` to send on (RFC 7239): one element for each hop of `forwardedFor`; host and scheme
 * with the first, whose they are.
 */
export const serialiseForwarded = (
  client: Pick<ResolvedClient, "address" | "scheme" | "host" | "forwardedFor">,
): string => {
  const { scheme: proto, host, forwardedFor } = client;
  const [first = "", ...others] = forwardedFor.split(", ");
  let value = serialiseElement({ for: forwardedNode(first), host, proto });
  for (const hop of others) value += `, ${serialiseElement({ for: forwardedNode(hop) })}`;
  return value;
};
