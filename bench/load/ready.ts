/** Waits until a process answers. */
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Child } from "./children.ts";

/** Milliseconds from `since`. */
export interface StartUp {
  /** First connection accepted. */
  readonly listeningMs: number;
  /** First byte of the first 200. */
  readonly answeredMs: number;
}

type Try = { readonly connected: number | undefined; readonly status: string | undefined };

const tryOnce = (port: number, path: string): Promise<Try> =>
  new Promise((resolve) => {
    let connected: number | undefined;
    const socket = connect(port, "127.0.0.1");
    const end = (status: string | undefined): void => {
      socket.destroy();
      resolve({ connected, status });
    };
    socket.setTimeout(5000, () => end(undefined));
    socket.on("error", () => end(undefined));
    socket.on("close", () => end(undefined));
    socket.on("connect", () => {
      connected = performance.now();
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`);
    });
    socket.on("data", (chunk) => end(chunk.toString("latin1").slice(9, 12)));
  });

/** Asks for `path` until it is answered with 200. Rejects after ten seconds or when the child ends. */
export const untilAnswers = async (
  child: Child,
  port: number,
  path: string,
  since: number = performance.now(),
): Promise<StartUp> => {
  let listeningMs: number | undefined;
  while (performance.now() - since < 10_000) {
    if (child.ended()) throw new Error(`${child.name} ended before it answered\n${child.output()}`);
    const { connected, status } = await tryOnce(port, path);
    if (connected !== undefined) listeningMs ??= connected - since;
    if (status === "200") {
      const answeredMs = performance.now() - since;
      return { listeningMs: listeningMs ?? answeredMs, answeredMs };
    }
    await sleep(1);
  }
  throw new Error(`${child.name} did not answer within 10 s\n${child.output()}`);
};
