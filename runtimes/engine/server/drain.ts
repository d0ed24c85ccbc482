/** The graceful end of a server. */
import type { ClientConnection } from "./connection.ts";

export type ConnectionSet = Set<ClientConnection>;

export interface DrainOptions {
  readonly connections: ConnectionSet;
  readonly stopAccepting: () => Promise<void>;
  /** Between turning not-ready and refusing new connections. */
  readonly delayMs: number;
  /** What requests in flight get after that. */
  readonly timeoutMs: number;
  readonly now: () => number;
}

/**
 * An idle connection gets this long once accepting has stopped: its client may just have sent a request, and its answer
 * closes the connection anyway.
 */
const IDLE_GRACE_MS = 100;
const CHECK_MS = 10;

/** Stops accepting, waits for what is in flight, cuts the rest. Closing connections behind responses is the connections' own. */
export const drainConnections = async (options: DrainOptions): Promise<{ readonly cut: number }> => {
  const { connections, delayMs, timeoutMs, now } = options;
  await sleep(delayMs);
  const stopped = options.stopAccepting();
  const startedAt = now();
  while (connections.size > 0) {
    const passed = now() - startedAt;
    if (passed >= timeoutMs) break;
    if (passed >= IDLE_GRACE_MS) for (const connection of connections) connection.closeWhenIdle();
    if (connections.size > 0) await sleep(CHECK_MS);
  }
  let cut = 0;
  for (const connection of connections) {
    if (connection.busy) cut += 1;
    connection.destroy();
  }
  await stopped;
  return { cut };
};

/** Keeps the process alive: it is what a stopping process waits for. */
const sleep = (ms: number): Promise<void> =>
  ms <= 0 ? Promise.resolve() : new Promise((resolve) => void setTimeout(resolve, ms));
