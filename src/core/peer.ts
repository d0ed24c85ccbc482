/** The other end of a connection, as runtimes name it. */
import type { Peer } from "./arrival.ts";

/** The runtime reports no peer. */
export const UNKNOWN_PEER: Peer = Object.freeze({ address: "", port: undefined });

/** Who connects to a Unix socket: some process of this machine. */
export const UNIX_PEER: Peer = Object.freeze({ address: "", port: undefined, isUnix: true });

const IPV4_MAPPED = "::ffff:";

/** A peer whose address may be written as IPv4 in IPv6 (`::ffff:192.0.2.1`) or with a zone (`fe80::1%eth0`). */
export const peerOf = (address: string, port: number | undefined): Peer => ({
  address: address.includes(":") ? plain(address) : address,
  port,
});

const plain = (address: string): string => {
  const zone = address.indexOf("%");
  const unzoned = zone === -1 ? address : address.slice(0, zone);
  return unzoned.startsWith(IPV4_MAPPED) && unzoned.includes(".")
    ? unzoned.slice(IPV4_MAPPED.length)
    : unzoned;
};
