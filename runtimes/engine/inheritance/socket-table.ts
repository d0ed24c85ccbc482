/** Which listening sockets this process has open, and under which descriptor: what Linux tells in /proc. */
import { readFile, readdir, readlink } from "node:fs/promises";
import { endianness } from "node:os";
import type { BoundAddress } from "../../inheritance.ts";

/** A listening socket of this process. */
export interface OwnSocket {
  readonly descriptor: number;
  readonly bound: BoundAddress;
}

/** State of a listening TCP socket, as /proc/net/tcp writes it. */
const TCP_LISTEN = "0A";
/** Flag of a listening Unix socket, as /proc/net/unix writes it (`__SO_ACCEPTCON`). */
const UNIX_LISTENS = "00010000";

/** The text of a table, "" where there is none: a kernel may have been built without IPv6. */
const table = (name: string): Promise<string> => readFile(`/proc/self/net/${name}`, "latin1").catch(() => "");

const rows = (text: string): string[][] =>
  text
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/));

/** The kernel writes an address as words of 32 bits in the byte order of the machine. */
const addressBytes = (hex: string, order: "BE" | "LE"): number[] =>
  (hex.match(/.{8}/g) ?? []).flatMap((word) => {
    const bytes = (word.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16));
    return order === "LE" ? bytes.toReversed() : bytes;
  });

/** Written as `server.address()` of the runtimes does. */
const hostOf = (hex: string, order: "BE" | "LE"): string => {
  const bytes = addressBytes(hex, order);
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  );
  // The URL parser writes an IPv6 address in its shortest form (RFC 5952).
  return new URL(`http://[${groups.join(":")}]/`).hostname.slice(1, -1);
};

/** Address of each listening TCP socket by its inode, from the text of /proc/net/tcp or tcp6. */
export const tcpListeners = (text: string, order: "BE" | "LE" = endianness()): Map<string, BoundAddress> => {
  const found = new Map<string, BoundAddress>();
  for (const [, local = "", , state, , , , , , inode] of rows(text)) {
    if (state !== TCP_LISTEN || inode === undefined) continue;
    const [host = "", port = ""] = local.split(":");
    found.set(inode, { host: hostOf(host, order), port: Number.parseInt(port, 16) });
  }
  return found;
};

/** Path of each listening Unix stream socket by its inode, from the text of /proc/net/unix. */
export const unixListeners = (text: string): Map<string, BoundAddress> => {
  const found = new Map<string, BoundAddress>();
  for (const line of text.split("\n").slice(1)) {
    // Num RefCount Protocol Flags Type St Inode Path; a path may have spaces in it.
    const [, flags, inode, path] = /^\S+ \S+ \S+ (\S+) \S+ \S+ +(\d+) (.+)$/.exec(line) ?? [];
    if (flags === UNIX_LISTENS && inode !== undefined && path !== undefined) found.set(inode, { path });
  }
  return found;
};

/** The inode behind each descriptor that is a socket, in the order of descriptors. */
const socketInodes = async (): Promise<readonly (readonly [descriptor: number, inode: string])[]> => {
  const found: (readonly [number, string])[] = [];
  for (const name of await readdir("/proc/self/fd")) {
    // Some are closed before they are looked at.
    const target = await readlink(`/proc/self/fd/${name}`).catch(() => "");
    const [, inode] = /^socket:\[(\d+)\]$/.exec(target) ?? [];
    if (inode !== undefined) found.push([Number(name), inode]);
  }
  return found.sort(([a], [b]) => a - b);
};

/**
 * Listening TCP and Unix sockets of this process, each once, under its lowest descriptor.
 *
 * @throws where there is no /proc.
 */
export const ownListeningSockets = async (): Promise<readonly OwnSocket[]> => {
  const open = await socketInodes();
  const [tcp, tcp6, unix] = await Promise.all([table("tcp"), table("tcp6"), table("unix")]);
  const bound = new Map([...tcpListeners(tcp), ...tcpListeners(tcp6), ...unixListeners(unix)]);
  const sockets: OwnSocket[] = [];
  for (const [descriptor, inode] of open) {
    const address = bound.get(inode);
    if (address === undefined) continue;
    // A second descriptor of the same socket is a copy of the first.
    bound.delete(inode);
    sockets.push({ descriptor, bound: address });
  }
  return sockets;
};
