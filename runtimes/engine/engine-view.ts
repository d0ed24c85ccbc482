/** A server's sockets as the admin API shows them. */
import type { ServerView } from "../../handlers/server-view.ts";
import type { ListenerSnapshot } from "../../handlers/snapshot.ts";
import type { Clock } from "../../src/core/platform.ts";
import { urlHost } from "../../src/http/url-host.ts";
import type { Serving } from "../serving.ts";
import { connectionPage } from "./server/connection-page.ts";
import type { ServerSockets } from "./server/listen.ts";
import type { ServerCounts } from "./server/open-entrance.ts";

export interface EngineViewParts {
  readonly sockets: () => ServerSockets;
  /** Of the admin listener. */
  readonly admin: () => Serving["admin"];
  readonly counts: ServerCounts;
  readonly clock: Clock;
  readonly upgrade: ServerView["upgrade"];
}

export const engineView = ({ sockets, admin, counts, clock, upgrade }: EngineViewParts): ServerView => ({
  upgrade,
  listeners: () => [
    ...sockets().listeners.map(({ scheme, host, port, socket, role }): ListenerSnapshot => ({
      scheme,
      address: socket ?? addressText(host, port),
      role,
    })),
    ...adminListener(admin()),
  ],
  counts() {
    let tunnels = 0;
    for (const { isTunnel } of sockets().connections) if (isTunnel) tunnels += 1;
    return { ...counts, tunnels };
  },
  connections: (query) =>
    connectionPage(sockets().connections, query, { now: clock.now(), epoch: clock.epoch() }),
  close(id) {
    for (const connection of sockets().connections) {
      if (String(connection.id) !== id) continue;
      if (connection.isWebSocket) connection.goAway();
      else connection.destroy();
      return true;
    }
    return false;
  },
});

const adminListener = (at: Serving["admin"]): readonly ListenerSnapshot[] =>
  at === undefined
    ? []
    : [{ scheme: at.scheme, address: at.socket ?? addressText(at.host, at.port), role: "admin" }];

const addressText = (host: string, port: number): string => `${urlHost(host)}:${port}`;
