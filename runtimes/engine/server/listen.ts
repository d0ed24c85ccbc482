/** A server over sockets for a gateway. */
import { once } from "node:events";
import { type Server, type Socket, createServer } from "node:net";
import { peerOf } from "../../../src/core/peer.ts";
import type { ListenConfig } from "../../../src/config/types.ts";
import type { GatewayRef } from "../../../src/gateway.ts";
import { requestHeads } from "../../../src/http1/request-head.ts";
import { latin1 } from "../latin1.ts";
import { type Serving, listenError } from "../../serving.ts";
import type { Deadlines } from "../deadlines.ts";
import { type ConnectionSet, drainConnections } from "./drain.ts";
import { ClientConnection } from "./connection.ts";
import type { ServerContext } from "./server-context.ts";
import { DateField } from "./date-field.ts";
import { FieldEncoder } from "./field-lines.ts";

/** Connections that may wait to be accepted: bursts of new clients are longer than the default of 511. */
const BACKLOG = 4096;

export interface ListenOptions {
  readonly listen: ListenConfig;
  /** Host to bind where there is no such address as the config's. */
  readonly fallbackHost?: string | undefined;
  readonly gateway: GatewayRef;
  readonly deadlines: Deadlines;
  /** Turned to draining by `drain`. */
  readonly lifecycle: { draining: boolean };
  readonly now: () => number;
  readonly epoch: () => number;
  /** Called once when the server has ended. */
  readonly closed: () => Promise<void>;
}

/** Resolves once connections are accepted. Throws `ServeError` when the address can't be had. */
export const listen = async (options: ListenOptions): Promise<Serving> => {
  const { lifecycle, listen: config } = options;
  const connections: ConnectionSet = new Set();
  const context = serverContext(options, connections);
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
    accept(socket, context, connections),
  );
  await open(server, config, options.fallbackHost);
  let ended: Promise<void> | undefined;
  const end = (): Promise<void> => (ended ??= options.closed());
  let drained: Promise<{ readonly cut: number }> | undefined;
  const stopAccepting = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
    });
  return {
    address: addressOf(server, config),
    drain: () =>
      (drained ??= (async () => {
        lifecycle.draining = true;
        const { delayMs, timeoutMs } = config.drain;
        const result = await drainConnections({
          connections,
          stopAccepting,
          // The delay is for whoever watches the ready page.
          delayMs: config.readyPath === undefined ? 0 : delayMs,
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
      await stopped;
      await end();
      return { cut };
    },
  };
};

const accept = (socket: Socket, context: ServerContext, connections: ConnectionSet): void => {
  if (connections.size >= context.listen.limits.connections) {
    socket.on("error", () => {});
    socket.destroy();
    return;
  }
  const peer = peerOf(socket.remoteAddress ?? "", socket.remotePort);
  connections.add(new ClientConnection(socket, peer, context));
};

const serverContext = (options: ListenOptions, connections: ConnectionSet): ServerContext => {
  const { gateway, listen: config, deadlines, lifecycle, now } = options;
  const date = new DateField(options.epoch);
  return {
    gateway,
    listen: config,
    heads: requestHeads(latin1, config.limits),
    fields: new FieldEncoder(),
    scheme: "http",
    deadlines,
    now,
    date: () => date.value,
    get draining() {
      return lifecycle.draining;
    },
    closed: (connection) => void connections.delete(connection),
  };
};

/** Failures that another address does not help against. Bun has no code for those that it helps against. */
const OF_PORTS: ReadonlySet<unknown> = new Set(["EADDRINUSE", "EACCES"]);

const open = async (
  server: Server,
  { host, port }: Pick<ListenConfig, "host" | "port">,
  fallbackHost?: string,
): Promise<void> => {
  try {
    server.listen({ host, port, backlog: BACKLOG });
    await once(server, "listening");
  } catch (cause) {
    if (fallbackHost !== undefined && !OF_PORTS.has((cause as NodeJS.ErrnoException).code)) {
      return open(server, { host: fallbackHost, port });
    }
    server.close(() => {});
    throw listenError(cause, { host, port });
  }
};

const addressOf = (server: Server, { host, port }: ListenConfig): Serving["address"] => {
  const bound = server.address();
  return bound === null || typeof bound === "string"
    ? { host, port }
    : { host: bound.address, port: bound.port };
};
