/** A listening server around any `fetch`. */
import { once } from "node:events";
import type { Server } from "node:http";
import type { ListenConfig } from "../../src/config/types.ts";
import type { Lifecycle } from "../../src/core/lifecycle.ts";
import { type Serving, listenError } from "../serving.ts";
import { drainServer, stopServer, trackConnections } from "./drain.ts";
import { type Fetch, createHttpServer } from "./server.ts";

/** Connections that may wait to be accepted. */
const BACKLOG = 4096;

export interface ListenOptions {
  readonly listen: ListenConfig;
  /** Turned to draining by `drain`. */
  readonly lifecycle: Lifecycle & { draining: boolean };
  /** Called once when the server has ended. */
  closed?(): Promise<void>;
}

/** Throws `ServeError` when the address can't be had. */
export const listen = async (fetch: Fetch, options: ListenOptions): Promise<Serving> => {
  const { lifecycle } = options;
  const server = createHttpServer(fetch, options.listen, lifecycle);
  const sockets = trackConnections(server);
  await open(server, options.listen);
  let ended: Promise<unknown> | undefined;
  let drained: Promise<{ readonly cut: number }> | undefined;
  const end = (): Promise<unknown> => (ended ??= options.closed?.() ?? Promise.resolve());
  return {
    address: addressOf(server, options.listen),
    drain() {
      lifecycle.draining = true;
      return (drained ??= drainServer(server, sockets, options.listen.drain).then(async (result) => {
        await end();
        return result;
      }));
    },
    async stop() {
      lifecycle.draining = true;
      const result = await stopServer(server, sockets);
      await end();
      return result;
    },
  };
};

const open = async (server: Server, { host, port }: ListenConfig): Promise<void> => {
  try {
    server.listen({ host, port, backlog: BACKLOG });
    await once(server, "listening");
  } catch (cause) {
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
