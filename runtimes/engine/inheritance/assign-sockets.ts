/** Which listener of a config gets which socket that another process has opened. */
import { isIP } from "node:net";
import type { BoundAddress, InheritedSocket } from "../../inheritance.ts";

/** A listener as the config has it. */
export interface WantedListener {
  /** Its place in the config: `listen`, `listen.also.0`, `admin`. */
  readonly name: string;
  readonly address: BoundAddress;
  /** Host to bind instead where there is no such address. */
  readonly fallbackHost?: string | undefined;
}

export interface Assignment {
  /** Descriptors by the listener's name. */
  readonly descriptors: ReadonlyMap<string, readonly number[]>;
  /** Sockets that no listener has. */
  readonly unclaimed: readonly InheritedSocket[];
}

/** Names that stand for an address of this machine: all that is known of the socket's address is that it may be theirs. */
const isName = (host: string): boolean => isIP(host) === 0;

const isBound = (bound: BoundAddress | undefined, { address, fallbackHost }: WantedListener): boolean => {
  if (bound === undefined) return false;
  if ("path" in address) return "path" in bound && bound.path === address.path;
  if ("path" in bound || bound.port !== address.port) return false;
  return bound.host === address.host || bound.host === fallbackHost || isName(address.host);
};

/**
 * A socket belongs to the listener that has its name, or else to the one that has its address. A name counts where whoever opened
 * the socket chose it, and for a listener on any free port.
 */
export const assignSockets = (
  listeners: readonly WantedListener[],
  sockets: readonly InheritedSocket[],
): Assignment => {
  const descriptors = new Map<string, number[]>();
  const unclaimed = sockets.filter((socket) => {
    const owner = ownerOf(socket, listeners);
    if (owner === undefined) return true;
    const own = descriptors.get(owner.name) ?? [];
    descriptors.set(owner.name, [...own, socket.descriptor]);
    return false;
  });
  return { descriptors, unclaimed };
};

const ownerOf = (
  { name, hasChosenName, bound }: InheritedSocket,
  listeners: readonly WantedListener[],
): WantedListener | undefined => {
  const named = listeners.find((listener) => listener.name === name);
  if (named !== undefined && (hasChosenName || isAnyPort(named))) return named;
  return listeners.find((listener) => isBound(bound, listener));
};

const isAnyPort = ({ address }: WantedListener): boolean => "port" in address && address.port === 0;
