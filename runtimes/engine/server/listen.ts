/** A server over sockets for a gateway. */
import { once } from "node:events";
import type { Server, Socket } from "node:net";
import { peerOf } from "../../../src/core/peer.ts";
import type { ListenConfig } from "../../../src/config/types.ts";
import type { GatewayRef } from "../../../src/gateway.ts";
import { requestHeads } from "../../../src/http1/request-head.ts";
import { latin1 } from "../latin1.ts";
import type { Notice } from "../notices.ts";
import { type ServingSockets, listenError } from "../../serving.ts";
import type { Deadlines } from "../deadlines.ts";
import { compileTrusted } from "../../../src/http/address.ts";
import { ClientCounts } from "./client-counts.ts";
import { type ConnectionSet, drainConnections } from "./drain.ts";
import { ClientConnection } from "./connection.ts";
import { DateField } from "./date-field.ts";
import { FieldEncoder } from "./field-lines.ts";
import { type Listener, plainListener } from "./listener.ts";
import type { ServerContext } from "./server-context.ts";
import type { TlsChallenges } from "../acme/challenge-board.ts";
import type { ServedTls } from "./served-tls.ts";
import { tlsListener } from "./tls-listener.ts";

/** Connections that may wait to be accepted: bursts of new clients are longer than the default of 511. */
const BACKLOG = 4096;

export interface ListenOptions {
  readonly listen: Pick<ListenConfig, "drain" | "halfClose" | "limits" | "timeouts" | "trustedProxies">;
  /** Whether somebody may watch a page that turns not-ready. */
  readonly isWatched: boolean;
  /** Kept up to date. */
  readonly counts: ServerCounts;
  /** At least one: the first is the one that is known by its address. */
  readonly entrances: readonly Entrance[];
  readonly deadlines: Deadlines;
  /** Turned to draining by `drain`. */
  readonly lifecycle: { draining: boolean };
  readonly now: () => number;
  readonly epoch: () => number;
  /** Writes a line for operators. */
  readonly notice: Notice;
  /** Called once when the server has ended. */
  readonly closed: () => Promise<void>;
}

/** Client connections of a server. */
export interface ServerCounts {
  open: number;
  /** Since the start. */
  accepted: number;
  /** Since the start: closed at once for want of room. */
  refused: number;
}

/** A socket to open, and who answers there. */
export interface Entrance extends Pick<ListenConfig, "host" | "port"> {
  /** Plain HTTP where there is none. */
  readonly tls: ServedTls | undefined;
  /** Answers an authority that checks names by TLS. */
  readonly challenges?: TlsChallenges | undefined;
  /** Host to bind where there is no such address as `host`. */
  readonly fallbackHost: string | undefined;
  readonly gateway: GatewayRef;
}

/** Resolves once connections are accepted. Throws `ServeError` when an address can't be had. */
export const listen = async (options: ListenOptions): Promise<ServingSockets> => {
  const { lifecycle, listen: config, entrances } = options;
  const connections: ConnectionSet = new Set();
  const clients = new ClientCounts(config.limits.connectionsPerClient, compileTrusted(config.trustedProxies));
  const listeners = entrances.map((entrance) => listenerOf(entrance, options, { connections, clients }));
  const stopAccepting = async (): Promise<void> => {
    await Promise.all(listeners.map(({ server }) => closed(server)));
  };
  const destroyUnaccepted = (): void => {
    for (const listener of listeners) listener.destroyUnaccepted();
  };
  try {
    for (const [index, { server }] of listeners.entries()) await open(server, entrances[index] as Entrance);
  } catch (error) {
    await stopAccepting();
    throw error;
  }
  let ended: Promise<void> | undefined;
  const end = (): Promise<void> => (ended ??= options.closed());
  let drained: Promise<{ readonly cut: number }> | undefined;
  return {
    address: addressOf((listeners[0] as Listener).server, entrances[0] as Entrance),
    useCertificates: (served) => exchange(listeners, served),
    drain: () =>
      (drained ??= (async () => {
        lifecycle.draining = true;
        const { delayMs, timeoutMs } = config.drain;
        const result = await drainConnections({
          connections,
          stopAccepting,
          destroyUnaccepted,
          // The delay is for whoever watches the ready page.
          delayMs: options.isWatched ? delayMs : 0,
          timeoutMs,
          now: options.now,
        });
        await end();
        return result;
      })()),
    async stop() {
      lifecycle.draining = true;
      const cut = [...connections].filter(({ busy }) => busy).length;
      const stopped = stopAccepting();
      for (const connection of connections) connection.destroy();
      destroyUnaccepted();
      await stopped;
      await end();
      return { cut };
    },
  };
};

/** Resolves when nothing of `server` is open any more; at once where it never was. */
const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
  });

/** All or none. */
const exchange = (listeners: readonly Listener[], certificates: readonly (ServedTls | undefined)[]): void => {
  if (listeners.length !== certificates.length)
    throw new TypeError("the listeners are others than at the start");
  const puts = listeners.map((listener, index) => listener.prepare(certificates[index]));
  for (const put of puts) put();
};

/** Common to all listeners. */
interface Counted {
  readonly connections: ConnectionSet;
  readonly clients: ClientCounts;
}

const listenerOf = (
  entrance: Entrance,
  options: ListenOptions,
  { connections, clients }: Counted,
): Listener => {
  const context = serverContext(entrance, options, connections);
  const { counts } = options;
  const refused = (): void => void (counts.refused += 1);
  const accepted = (socket: Socket): void => {
    if (accept(socket, context, connections)) counts.accepted += 1;
    else refused();
    counts.open = connections.size;
  };
  const { limits, timeouts } = options.listen;
  const { tls, challenges, port } = entrance;
  if (tls === undefined)
    return plainListener((socket) => (clients.admit(socket) ? accepted : refuse)(socket));
  return tlsListener({
    tls,
    challenges,
    handshakeMs: timeouts.headerMs,
    connections: limits.connections,
    admits: (socket) => clients.admit(socket),
    accepted,
    refused,
    plainHttp: () => options.notice(`a client speaks plain HTTP on port ${port}, which is for https`),
  });
};

const refuse = (socket: Socket): void => {
  socket.on("error", () => {});
  socket.destroy();
};

/** False where there is no room for one more. */
const accept = (socket: Socket, context: ServerContext, connections: ConnectionSet): boolean => {
  if (connections.size >= context.listen.limits.connections) {
    refuse(socket);
    return false;
  }
  const peer = peerOf(socket.remoteAddress ?? "", socket.remotePort);
  connections.add(new ClientConnection(socket, peer, context));
  return true;
};

const serverContext = (
  { gateway, tls }: Entrance,
  options: ListenOptions,
  connections: ConnectionSet,
): ServerContext => {
  const { listen: config, deadlines, lifecycle, now } = options;
  const date = new DateField(options.epoch);
  return {
    gateway,
    listen: config,
    heads: requestHeads(latin1, config.limits),
    fields: new FieldEncoder(),
    scheme: tls === undefined ? "http" : "https",
    notice: options.notice,
    deadlines,
    now,
    date: () => date.value,
    get draining() {
      return lifecycle.draining;
    },
    closed: (connection) => {
      connections.delete(connection);
      options.counts.open = connections.size;
    },
  };
};

/** Failures that the fallback address would have too. A list of the other failures won't do: Bun gives them no code. */
const OF_PORTS: ReadonlySet<unknown> = new Set(["EADDRINUSE", "EACCES"]);

const open = async (
  server: Server,
  { host, port, fallbackHost }: Pick<Entrance, "host" | "port" | "fallbackHost">,
): Promise<void> => {
  try {
    server.listen({ host, port, backlog: BACKLOG });
    await once(server, "listening");
  } catch (cause) {
    if (fallbackHost !== undefined && !OF_PORTS.has((cause as NodeJS.ErrnoException).code)) {
      return open(server, { host: fallbackHost, port, fallbackHost: undefined });
    }
    server.close(() => {});
    throw listenError(cause, { host, port });
  }
};

const addressOf = (server: Server, { host, port, tls }: Entrance): ServingSockets["address"] => {
  const scheme = tls === undefined ? "http" : "https";
  const bound = server.address();
  return bound === null || typeof bound === "string"
    ? { scheme, host, port }
    : { scheme, host: bound.address, port: bound.port };
};
