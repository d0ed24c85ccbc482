/** The graceful end of a server. */
import type { ClientConnection } from "./connection.ts";

export type ConnectionSet = Set<ClientConnection>;

export interface DrainOptions {
  readonly connections: ConnectionSet;
  readonly stopAccepting: () => Promise<void>;
  /** Ends connections that are not accepted yet. */
  readonly destroyUnaccepted: () => void;
  /** Between turning not-ready and refusing new connections. */
  readonly delayMs: number;
  /** What requests in flight get after that. */
  readonly timeoutMs: number;
  /**
   * An idle connection gets this long once accepting has stopped: its client may just have sent a request, and its answer closes the
   * connection anyway.
   */
  readonly idleGraceMs: number;
  readonly now: () => number;
}

const CHECK_MS = 10;
/** WebSockets are closed one by one in the last part of the time: all at once their clients would come back at once. */
const GOING_AWAY_MS = 10_000;
/** The last of them still get a moment to say goodbye. */
const SPREAD = 0.8;

interface Leaving {
  readonly connection: ClientConnection;
  /** Milliseconds since the end began. */
  readonly at: number;
}

/** The first to leave last. */
const spread = (connections: readonly ClientConnection[], from: number, overMs: number): Leaving[] =>
  connections
    .map((connection, index) => ({ connection, at: from + (overMs * index) / connections.length }))
    .toReversed();

/** Stops accepting, waits for what is in flight, cuts the rest. Closing connections behind responses is the connections' own. */
export const drainConnections = async (options: DrainOptions): Promise<{ readonly cut: number }> => {
  const { connections, delayMs, timeoutMs, idleGraceMs, now } = options;
  await sleep(delayMs);
  const stopped = options.stopAccepting();
  const startedAt = now();
  let goingAway: Leaving[] | undefined;
  while (connections.size > 0) {
    const passed = now() - startedAt;
    if (passed >= timeoutMs) break;
    if (passed >= idleGraceMs) for (const connection of connections) connection.closeWhenIdle();
    const left = timeoutMs - passed;
    if (left <= GOING_AWAY_MS) {
      goingAway ??= spread(
        [...connections].filter(({ isWebSocket }) => isWebSocket),
        passed,
        left * SPREAD,
      );
      while ((goingAway.at(-1)?.at ?? Infinity) <= passed) goingAway.pop()?.connection.goAway();
      // Those that were opened meanwhile.
      if (goingAway.length === 0) for (const connection of connections) connection.goAway();
    }
    if (connections.size > 0) await sleep(CHECK_MS);
  }
  let cut = 0;
  for (const connection of connections) {
    if (connection.busy) cut += 1;
    connection.destroy();
  }
  options.destroyUnaccepted();
  await stopped;
  return { cut };
};

/** Keeps the process alive: it is what a stopping process waits for. */
const sleep = (ms: number): Promise<void> =>
  ms <= 0 ? Promise.resolve() : new Promise((resolve) => void setTimeout(resolve, ms));
