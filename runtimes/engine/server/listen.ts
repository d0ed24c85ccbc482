/** The sockets of a server, and their change from one config to the next. */
import type { ListenConfig } from "../../../src/config/types.ts";
import type { ThreadShare } from "../../../src/core/thread-share.ts";
import type { PreparedConfig, Serving } from "../../serving.ts";
import { ServeError } from "../../serving.ts";
import type { InheritedSockets } from "../inheritance/inherited-sockets.ts";
import type { ClientConnection } from "./connection.ts";
import { ClientCounts } from "./client-counts.ts";
import { type ConnectionSet, type DrainOptions, drainConnections } from "./drain.ts";
import { type Entrance, entranceKey } from "./entrance.ts";
import { type EntranceParts, IDLE_GRACE_MS, OpenEntrance } from "./open-entrance.ts";
import { serverSettings } from "./server-context.ts";

/** What stays the same over all configs. */
export interface ServerParts extends Omit<EntranceParts, "connections" | "clients" | "seats" | "lifecycle"> {
  /** Turned to draining by `drain` and `stop`. */
  readonly lifecycle: { draining: boolean };
  /** Where the limits are those of several threads. */
  readonly share?: ThreadShare | undefined;
  /** Called once when the server has ended. */
  readonly closed: () => Promise<void>;
  /** Connections that there are enough open files for, whatever the config says. @default Infinity */
  readonly room?: number;
  /** Sockets that listen already. @default none */
  readonly inherited?: InheritedSockets | undefined;
}

/** What a config asks for. */
export interface ListenPlan {
  readonly listen: Pick<ListenConfig, "drain" | "halfClose" | "limits" | "timeouts" | "trustedProxies">;
  /** Whether somebody may watch a page that turns not-ready. */
  readonly isWatched: boolean;
  /** The first is the one that is known by its address. */
  readonly entrances: readonly Entrance[];
}

/** A socket that is open, and whether it only redirects. */
export interface OpenListener {
  /** Its place in the config. */
  readonly name: string;
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
  /** Path of a Unix socket, which has neither host nor port. */
  readonly socket?: string | undefined;
  readonly role: Entrance["role"];
}

export interface ServerSockets extends Pick<Serving, "drain" | "handOver" | "stop"> {
  /** Of the first entrance; undefined while there is none. */
  readonly address: Serving["address"] | undefined;
  /** All sockets that are open. */
  readonly listeners: readonly OpenListener[];
  /** Oldest first. */
  readonly connections: Iterable<ClientConnection>;
  /**
   * Opens the sockets that `plan` has in addition, which hold their connections until the commit.
   *
   * @throws ServeError when an address can't be had; TypeError for a certificate that can't be used. Nothing has changed then.
   */
  prepare(plan: ListenPlan): Promise<PreparedConfig>;
}

/** Has no socket before the first `prepare` and commit. */
export const serverSockets = (parts: ServerParts): ServerSockets => new Sockets(parts);

class Sockets implements ServerSockets {
  readonly #parts: ServerParts & EntranceParts;
  readonly #connections: ConnectionSet = new Set();
  #plan: ListenPlan | undefined;
  #open: readonly OpenEntrance[] = [];
  #drained: Promise<{ readonly cut: number }> | undefined;
  #ended: Promise<void> | undefined;

  constructor(parts: ServerParts) {
    const { share } = parts;
    this.#parts = {
      ...parts,
      connections: this.#connections,
      clients: new ClientCounts(share),
      seats: share && { open: share.tally("connections"), encrypted: share.tally("TLS connections") },
    };
  }

  get address(): Serving["address"] | undefined {
    return this.#open[0]?.address;
  }

  get listeners(): readonly OpenListener[] {
    return this.#open.map(({ name, address, role }) => ({ name, ...address, role }));
  }
  get connections(): Iterable<ClientConnection> {
    return this.#connections;
  }

  async prepare(plan: ListenPlan): Promise<PreparedConfig> {
    const settings = serverSettings(plan.listen, this.#parts.room);
    const kept = matched(plan.entrances, this.#open);
    const next = plan.entrances.map((entrance) => kept.get(entrance) ?? this.#entranceFor(entrance));
    const opened = next.filter((open) => !this.#open.includes(open));
    const gone = this.#open.filter((open) => !next.includes(open));
    const discard = async (): Promise<void> => {
      await Promise.all(opened.map((open) => open.close()));
    };
    let changes: readonly (() => void)[];
    try {
      changes = plan.entrances.map((entrance, index) =>
        (next[index] as OpenEntrance).prepare(entrance, settings),
      );
      // What listens already comes last: nothing fails any more once its clients are accepted.
      const isLast = ({ listener }: OpenEntrance): number => Number(listener.takesOver);
      for (const open of opened.toSorted((a, b) => isLast(a) - isLast(b))) await openOne(open, gone);
    } catch (error) {
      await discard();
      throw error;
    }
    return {
      commit: () => {
        for (const change of changes) change();
        this.#open = next;
        this.#plan = plan;
        for (const open of gone) void open.close();
      },
      discard,
    };
  }

  drain(): Promise<{ readonly cut: number }> {
    return (this.#drained ??= this.#drain((delayMs) => {
      this.#parts.lifecycle.draining = true;
      // The delay is for whoever watches the ready page.
      return { delayMs: this.#plan?.isWatched === true ? delayMs : 0, idleGraceMs: IDLE_GRACE_MS };
    }));
  }

  handOver(): Promise<{ readonly cut: number }> {
    return (this.#drained ??= this.#drain((delayMs) => {
      for (const open of this.#open) {
        open.closeBehindResponses();
        open.listener.leaveFile();
      }
      return { delayMs: 0, idleGraceMs: Math.max(delayMs, IDLE_GRACE_MS) };
    }));
  }

  async #drain(
    begin: (delayMs: number) => Pick<DrainOptions, "delayMs" | "idleGraceMs">,
  ): Promise<{ readonly cut: number }> {
    const { delayMs, timeoutMs } = this.#plan?.listen.drain ?? { delayMs: 0, timeoutMs: 0 };
    const result = await drainConnections({
      ...begin(delayMs),
      connections: this.#connections,
      stopAccepting: () => this.#stopAccepting(),
      destroyUnaccepted: () => this.#destroyUnaccepted(),
      timeoutMs,
      now: this.#parts.now,
    });
    await this.#end();
    return result;
  }

  async stop(): Promise<{ readonly cut: number }> {
    this.#parts.lifecycle.draining = true;
    const cut = [...this.#connections].filter(({ busy }) => busy).length;
    const stopped = this.#stopAccepting();
    for (const connection of this.#connections) connection.destroy();
    this.#destroyUnaccepted();
    await stopped;
    await this.#end();
    return { cut };
  }

  #entranceFor(entrance: Entrance): OpenEntrance {
    const { name, host, port, socket, fallbackHost } = entrance;
    const address = socket === undefined ? { host, port } : { path: socket };
    const taken = this.#parts.inherited?.take({ name, address, fallbackHost }) ?? [];
    const descriptors = taken.map(({ descriptor }) => descriptor);
    const replacesFile = socket !== undefined && this.#parts.inherited?.replaces(socket) === true;
    return new OpenEntrance(entrance, this.#parts, { descriptors, replacesFile });
  }

  async #stopAccepting(): Promise<void> {
    await Promise.all(this.#open.map((open) => open.stopAccepting()));
  }

  #destroyUnaccepted(): void {
    for (const open of this.#open) open.destroyUnaccepted();
  }

  #end(): Promise<void> {
    return (this.#ended ??= this.#parts.closed());
  }
}

/** The open entrance for each one that has its address; one that keeps its scheme is found first. */
const matched = (
  entrances: readonly Entrance[],
  open: readonly OpenEntrance[],
): ReadonlyMap<Entrance, OpenEntrance> => {
  const free = new Set(open);
  const found = new Map<Entrance, OpenEntrance>();
  for (const isSame of [isSameScheme, () => true]) {
    for (const entrance of entrances) {
      if (found.has(entrance)) continue;
      const match = [...free].find((each) => each.key === entranceKey(entrance) && isSame(each, entrance));
      if (match === undefined) continue;
      found.set(entrance, match);
      free.delete(match);
    }
  }
  return found;
};

const isSameScheme = ({ address }: OpenEntrance, { tls }: Entrance): boolean =>
  address.scheme === (tls === undefined ? "http" : "https");

/** @param gone entrances that will be closed at the commit, but hold their ports until then. */
const openOne = async ({ listener }: OpenEntrance, gone: readonly OpenEntrance[]): Promise<void> => {
  const { host, port } = listener.bound;
  try {
    await listener.open();
  } catch (error) {
    const holder = gone.find(({ address }) => port !== 0 && address.port === port);
    if (holder === undefined) throw error;
    const from = holder.address.host;
    throw new ServeError(
      `port ${port} can't move from ${from} to ${host} while the proxy runs: restart it for that`,
      { cause: error },
    );
  }
};
