/** The end of a server that can finish by itself. */
import type { DrainConfig } from "../../src/config/types.ts";
import type { Lifecycle } from "../../src/core/lifecycle.ts";

export interface Drainable {
  /** Stops accepting; resolves when nothing is in flight any more. */
  finish(): Promise<void>;
  /** Requests in flight. A connection without one may hold up the end as well. */
  busy(): number;
  cut(): Promise<void>;
}

/** Accepts for `delayMs` more, then finishes within `timeoutMs` or cuts. Resolves with how many were cut. */
export const drainWithin = async (
  server: Drainable,
  { delayMs, timeoutMs }: DrainConfig,
): Promise<number> => {
  if (delayMs > 0) await new Promise<void>((resolve) => void setTimeout(resolve, delayMs));
  if (await settlesWithin(server.finish(), timeoutMs)) return 0;
  const busy = server.busy();
  await server.cut();
  return busy;
};

/** Leaves no timer behind, which would hold the process. */
const settlesWithin = (work: Promise<void>, ms: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(false), ms);
    work.then(
      () => {
        clearTimeout(timer);
        resolve(true);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });

/** Tells the client to send no more on its connection when the server is about to end by the time the answer is there. */
export const tellsEnd =
  (lifecycle: Lifecycle) =>
  (response: Response): Response => {
    if (lifecycle.draining) response.headers.set("connection", "close");
    return response;
  };
