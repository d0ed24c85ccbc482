/** The ports that threads share. */
import { once } from "node:events";
import { createServer } from "node:net";
import { errorCode } from "../../error-code.ts";
import type { ListenConfig } from "../../../src/config/types.ts";
import { listenError } from "../../serving.ts";
import type { InheritedListeners } from "./inherited-listeners.ts";

type Address = Pick<ListenConfig, "host" | "port">;
/** What `listen` and each of `listen.also` have. */
type Where = Pick<ListenConfig["also"][number], "host" | "port" | "socket">;

export interface Claimed {
  readonly listen: ListenConfig;
  /** By what the config asks for: the ports that all threads take. */
  readonly ports: ReadonlyMap<string, number>;
}

/**
 * `listen` with a port in place of each 0. Sockets that share a port would share it with those of another process too, and each
 * would get some of the connections: so each address that is not in `held` is taken alone for a moment.
 *
 * @param held those that are open already.
 * @param inherited those that another process has opened.
 * @throws ServeError when an address can't be had.
 */
export const claimPorts = async (
  listen: ListenConfig,
  held: ReadonlyMap<string, number>,
  inherited?: InheritedListeners,
): Promise<Claimed> => {
  const ports = new Map<string, number>();
  const claim = async <Entrance extends Where>(
    name: string,
    entrance: Entrance,
  ): Promise<Entrance & { readonly port: number }> => {
    const { host, port: wanted = 0, socket } = entrance;
    // A Unix socket has no port to share.
    if (socket !== undefined) return { ...entrance, port: wanted };
    // Several may ask for any port of the same host.
    let key = `${host} ${wanted}`;
    while (ports.has(key)) key += " more";
    const port =
      held.get(key) ??
      inherited?.portOf({ name, address: { host, port: wanted }, fallbackHost: FALLBACK[host] }) ??
      (await claimPort({ host, port: wanted }));
    ports.set(key, port);
    return { ...entrance, port };
  };
  const first = await claim("listen", listen);
  const also: ListenConfig["also"][number][] = [];
  for (const [index, each] of listen.also.entries()) also.push(await claim(`listen.also.${index}`, each));
  return { listen: { ...first, also }, ports };
};

const FALLBACK: Readonly<Record<string, string>> = { "::": "0.0.0.0" };

const claimPort = async ({ host, port }: Address): Promise<number> => {
  try {
    return await portOf(host, port);
  } catch (cause) {
    const fallback = FALLBACK[host];
    if (fallback === undefined || errorCode(cause) === "EADDRINUSE" || errorCode(cause) === "EACCES")
      throw listenError(cause, { host, port });
    return portOf(fallback, port).catch((error: unknown) => {
      throw listenError(error, { host: fallback, port });
    });
  }
};

/** Listens alone, and no longer than it takes to know that it can. */
const portOf = async (host: string, port: number): Promise<number> => {
  const server = createServer((socket) => socket.destroy());
  server.listen({ host, port });
  await once(server, "listening");
  const address = server.address();
  await new Promise((resolve) => void server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : port;
};
