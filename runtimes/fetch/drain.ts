/** The end of a server that can finish by itself. */
import type { DrainConfig } from "../../src/config/types.ts";

export interface Drainable {
  /** Stops accepting; resolves when nothing is in flight any more. */
  finish(): Promise<void>;
  /** Requests in flight. Left out where the server doesn't tell; something was then, or it would have finished. */
  readonly busy?: () => number;
  cut(): Promise<void>;
}

/** Accepts for `delayMs` more, then finishes within `timeoutMs` or cuts. Resolves with how many were cut. */
export const drainWithin = async (
  server: Drainable,
  { delayMs, timeoutMs }: DrainConfig,
): Promise<number> => {
  if (delayMs > 0) await new Promise<void>((resolve) => void setTimeout(resolve, delayMs));
  if (await settlesWithin(server.finish(), timeoutMs)) return 0;
  const busy = Math.max(1, server.busy?.() ?? 1);
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

/** An answer that tells the client to send no more on its connection. */
export const closing = async (pending: Response | Promise<Response>): Promise<Response> => {
  const response = await pending;
  response.headers.set("connection", "close");
  return response;
};
