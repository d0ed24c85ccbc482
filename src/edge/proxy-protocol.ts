/** The header of the PROXY protocol, versions 1 and 2, which a load balancer puts in front of a client's bytes. */
import { normaliseAddress } from "../http/address.ts";
import { hasChecksum, isIntact } from "./proxy-checksum.ts";

/** One side of the connection that the sender stands in for. */
export interface ProxiedNode {
  /** In its one spelling; empty where the sender does not know it. */
  readonly address: string;
  readonly port: number | undefined;
}

/** What a header says. */
export type ProxyHeader =
  /** The sender forwards the connection of `source`, which was made to `destination`. */
  | { readonly kind: "proxied"; readonly source: ProxiedNode; readonly destination: ProxiedNode }
  /** The sender's own connection, such as a health check (`LOCAL`). */
  | { readonly kind: "local" };

/** The header is malformed, or there is none. */
export interface ProxyHeaderFault {
  readonly kind: "fault";
  readonly reason: string;
}

/** A header that was read to its end. */
export interface ProxyHeaderRead {
  readonly header: ProxyHeader;
  /** Bytes that it takes. */
  readonly length: number;
}

/** Undefined while more bytes are needed. */
export type ProxyHeaderResult = ProxyHeaderRead | ProxyHeaderFault | undefined;

/** Longest header that is read: the protocol allows 64 KiB, and senders need less than 1 KiB. */
export const MOST_HEADER_BYTES = 4096;

/** With its CRLF. */
const MOST_V1_BYTES = 107;
const V2_SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a] as const;
const V2_FIXED_BYTES = 16;
const V1_SIGNATURE = [0x50, 0x52, 0x4f, 0x58, 0x59, 0x20] as const; // "PROXY "
const [CR, LF] = [0x0d, 0x0a] as const;

const NOBODY: ProxiedNode = Object.freeze({ address: "", port: undefined });

const fault = (reason: string): ProxyHeaderFault => ({ kind: "fault", reason });

const proxied = (source: ProxiedNode, destination: ProxiedNode): ProxyHeader => ({
  kind: "proxied",
  source,
  destination,
});

/**
 * Reads the header that `bytes`, the first ones of a connection, begin with. Gives up at the first byte that can't belong to one.
 *
 * `UNKNOWN`, unspecified families and Unix sockets name nobody: the client's address is empty then, and never the sender's, whose
 * word may count for more than a client's. TLVs are skipped; a CRC-32C among them has to be right. Never throws.
 */
export const readProxyHeader = (bytes: Uint8Array): ProxyHeaderResult => {
  if (bytes.length === 0) return undefined;
  if (beginsWith(bytes, V1_SIGNATURE)) return bytes.length < V1_SIGNATURE.length ? undefined : readV1(bytes);
  if (beginsWith(bytes, V2_SIGNATURE)) return bytes.length < V2_FIXED_BYTES ? undefined : readV2(bytes);
  return fault("no PROXY header");
};

/** As far as there are bytes. */
const beginsWith = (bytes: Uint8Array, signature: readonly number[]): boolean =>
  signature.every((byte, index) => index >= bytes.length || bytes[index] === byte);

const readV1 = (bytes: Uint8Array): ProxyHeaderResult => {
  const end = bytes.subarray(0, MOST_V1_BYTES).indexOf(LF);
  if (end === -1) return bytes.length < MOST_V1_BYTES ? undefined : fault("PROXY line too long");
  if (bytes[end - 1] !== CR) return fault("PROXY line without CRLF");
  const line = String.fromCharCode(...bytes.subarray(V1_SIGNATURE.length, end - 1));
  const length = end + 1;
  if (line === "UNKNOWN" || line.startsWith("UNKNOWN ")) return { header: proxied(NOBODY, NOBODY), length };
  const [family = "", ...words] = line.split(" ");
  const [from, to, fromPort, toPort] = words;
  const source = nodeOf(family, from, fromPort);
  const destination = nodeOf(family, to, toPort);
  if (words.length !== 4 || source === undefined || destination === undefined) {
    return fault("malformed PROXY line");
  }
  return { header: proxied(source, destination), length };
};

const nodeOf = (
  family: string,
  text: string | undefined,
  portText: string | undefined,
): ProxiedNode | undefined => {
  if (text === undefined || portText === undefined || !/^(?:0|[1-9]\d{0,4})$/.test(portText))
    return undefined;
  const port = Number(portText);
  // No brackets, no zone: an address as it is, of the family that is named.
  const isFamily =
    family === "TCP4" ? /^[\d.]+$/.test(text) : family === "TCP6" && /^[\da-f:.]+$/i.test(text);
  if (!isFamily || text.includes(":") !== (family === "TCP6") || port > 65_535) return undefined;
  const address = normaliseAddress(text);
  return address === undefined ? undefined : { address, port };
};

const [LOCAL, PROXY] = [0x0, 0x1] as const;
const [INET, INET6, UNIX] = [0x1, 0x2, 0x3] as const;
const STREAM = 0x1;
/** Bytes of the addresses of each family. */
const ADDRESS_BYTES: Readonly<Record<number, number>> = { 0x0: 0, [INET]: 12, [INET6]: 36, [UNIX]: 216 };

const readV2 = (bytes: Uint8Array): ProxyHeaderResult => {
  const [versionAndCommand = 0, familyAndTransport = 0] = bytes.subarray(12, 14);
  const length = V2_FIXED_BYTES + word(bytes, 14);
  const command = versionAndCommand & 0xf;
  if (versionAndCommand >> 4 !== 2 || (command !== LOCAL && command !== PROXY)) {
    return fault("PROXY header of an unknown version or command");
  }
  if (length > MOST_HEADER_BYTES) return fault(`PROXY header of more than ${MOST_HEADER_BYTES} bytes`);
  if (bytes.length < length) return undefined;
  // What follows the command counts for nothing (§2.2).
  if (command === LOCAL) return { header: { kind: "local" }, length };
  const family = familyAndTransport >> 4;
  const transport = familyAndTransport & 0xf;
  const addressBytes = ADDRESS_BYTES[family];
  if (addressBytes === undefined || transport > STREAM) return fault("PROXY header of an unknown family");
  const header = bytes.subarray(0, length);
  const tlvs = V2_FIXED_BYTES + addressBytes;
  if (tlvs > length || !isTlvList(header, tlvs)) return fault("PROXY header with a wrong length inside");
  if (hasChecksum(header, tlvs) && !isIntact(header, tlvs))
    return fault("PROXY header with a wrong checksum");
  // A family without a transport is as little known as none.
  const isKnown = (family === INET || family === INET6) && transport === STREAM;
  return { header: isKnown ? inetHeader(header, family) : proxied(NOBODY, NOBODY), length };
};

const word = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

const isTlvList = (header: Uint8Array, from: number): boolean => {
  let at = from;
  while (at + 3 <= header.length) at += 3 + word(header, at + 1);
  return at === header.length;
};

const inetHeader = (header: Uint8Array, family: number): ProxyHeader => {
  const size = family === INET ? 4 : 16;
  const text = family === INET ? ipv4Text : ipv6Text;
  const ports = V2_FIXED_BYTES + 2 * size;
  const addressAt = (at: number): string => {
    const written = text(header, at);
    return normaliseAddress(written) ?? written;
  };
  return proxied(
    { address: addressAt(V2_FIXED_BYTES), port: word(header, ports) },
    { address: addressAt(V2_FIXED_BYTES + size), port: word(header, ports + 2) },
  );
};

const ipv4Text = (header: Uint8Array, at: number): string => header.subarray(at, at + 4).join(".");

const ipv6Text = (header: Uint8Array, at: number): string =>
  Array.from({ length: 8 }, (_, index) => word(header, at + 2 * index).toString(16)).join(":");
