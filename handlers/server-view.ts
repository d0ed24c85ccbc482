/** A server over sockets, as the admin API sees it: listeners, connections, and a new process in its place. */
import type { ConnectionPage, ConnectionQuery } from "./control.ts";
import type { ConnectionCounts, ListenerSnapshot } from "./snapshot.ts";

export interface ServerView {
  listeners(): readonly ListenerSnapshot[];
  counts(): ConnectionCounts;
  connections(query: ConnectionQuery): ConnectionPage;
  /** Says goodbye on a WebSocket, and cuts any other connection. @returns false where there is none with this id. */
  close(id: string): boolean;
  /** Starts a process in place of this one, and resolves once it serves or has failed. Undefined where nobody can. */
  readonly upgrade?: Upgrade | undefined;
}

/** Never rejects. @param timeoutMs how long the new process may take until it serves */
export type Upgrade = (timeoutMs?: number) => Promise<UpgradeResult>;

export type UpgradeResult =
  | { readonly ok: true; readonly pid: number }
  /** Why this process goes on. */
  | { readonly ok: false; readonly reason: string };

/** For apps on somebody else's server. */
export const NO_SERVER: ServerView = Object.freeze<ServerView>({
  listeners: () => [],
  counts: () => ({ open: 0, accepted: 0, refused: 0, tunnels: 0 }),
  connections: () => ({ total: 0, connections: [] }),
  close: () => false,
});
