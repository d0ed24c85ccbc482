/** Unix sockets to listen on, and what load balancers put in front of a client's bytes. */
import { oneOrMany } from "../schema/collections.ts";
import { oneOf } from "../schema/leaf.ts";
import { defaulted, object, optional, required } from "../schema/object.ts";
import { type KeyRule, notBoth } from "../schema/key-rules.ts";
import { Refusal, REFUSED, type Schema, type Setting, type Settings } from "../schema/schema.ts";
import { like, text } from "../schema/values.ts";
import type { ProxyProtocolConfig } from "../types.ts";
import { peerRange } from "./addresses.ts";

/**
 * A socket is bound beside its place, under a name that may be 12 bytes longer, and macOS has the least room for it: 104 bytes with
 * a final NUL.
 */
const MOST_BYTES = 90;

const socketPath = text(
  'the absolute path of a socket, such as "/run/fairlead/http.sock"',
  (given) => {
    if (!/^\/[^\0]*[^/\0]$/.test(given)) return REFUSED;
    return new TextEncoder().encode(given).length > MOST_BYTES
      ? new Refusal(`a socket's path has at most ${MOST_BYTES} bytes`)
      : given;
  },
  { pattern: "^/.*[^/]$" },
);

const socketMode = like('permissions in octal digits, such as "0660"', "^0?[0-7]{3}$");

/** The keys of a listener at a path instead of a port. */
export const socketKeys = (about: string, mode: string, details?: Pick<Setting, "needs">): Settings => ({
  socket: optional(socketPath, about, details),
  socketMode: defaulted(socketMode, mode, "Permissions of the socket: who may connect."),
});

/** A socket takes the place of port and host. */
export const PORT_OR_SOCKET: readonly KeyRule<object>[] = [
  notBoth(["socket", "port"], "takes either a port or a socket", "port"),
  notBoth(["socket", "host"], "a socket has a path alone", "host"),
];

export const proxyProtocol: Schema<ProxyProtocolConfig> = object("ProxyProtocolConfig", {
  from: required(
    oneOrMany('an IP address, a CIDR range or "unix", or a list of them', peerRange),
    'Load balancers whose word counts, as addresses or CIDR ranges; "unix" is all who connect to a Unix socket. Each of their connections has to begin with a header.',
  ),
  others: defaulted(
    oneOf("refuse", "plain"),
    "refuse",
    'What becomes of connections from elsewhere: they are closed ("refuse"), or served without a header under their own address ("plain").',
  ),
});
