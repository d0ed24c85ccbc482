/** Client connections as the admin API lists them. */
import type { ConnectionEntry, ConnectionPage, ConnectionQuery } from "../../../handlers/control.ts";
import { urlHost } from "../../../src/http/url-host.ts";
import type { ClientConnection } from "./connection.ts";

/** What times mean. */
export interface Times {
  /** Monotonic milliseconds. */
  readonly now: number;
  /** The same moment in milliseconds since 1970. */
  readonly epoch: number;
}

/** @param connections oldest first */
export const connectionPage = (
  connections: Iterable<ClientConnection>,
  { after, limit, tunnels = false }: ConnectionQuery,
  times: Times,
): ConnectionPage => {
  const first = after === undefined ? 0 : Number(after) + 1;
  const page: ClientConnection[] = [];
  let total = 0;
  let hasMore = false;
  for (const connection of connections) {
    if (tunnels && !connection.isTunnel) continue;
    total += 1;
    if (!(connection.id >= first)) continue;
    if (page.length < limit) page.push(connection);
    else hasMore = true;
  }
  const last = page.at(-1);
  return {
    total,
    connections: page.map((connection) => entryOf(connection, times)),
    ...(hasMore && last !== undefined && { next: String(last.id) }),
  };
};

const entryOf = (connection: ClientConnection, times: Times): ConnectionEntry => {
  const { id, peer, scheme, local, openedAt, requests, isTunnel, current } = connection;
  const at = (monotonic: number): number => Math.round(times.epoch - (times.now - monotonic));
  return {
    id: String(id),
    peer: peer.port === undefined ? peer.address : `${urlHost(peer.address)}:${peer.port}`,
    listener: local,
    scheme,
    since: at(openedAt),
    requests,
    state: isTunnel ? "tunnel" : current === undefined ? "idle" : "busy",
    ...(current !== undefined && {
      request: {
        method: current.method,
        since: at(current.begunAt),
        ...(current.id !== undefined && { id: current.id }),
        ...(current.route !== undefined && { route: current.route }),
      },
    }),
    ...(connection.protocol !== undefined && { protocol: connection.protocol }),
  };
};
