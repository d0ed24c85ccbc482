/** What becomes of a request body that nobody wants. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Outgoing } from "./outgoing.ts";

/** Read and thrown away so that the client can finish, see its answer and keep its connection. */
const MAX_BYTES = 1024 * 1024;
/** How long a client that is still sending has to take note of its answer. */
const LINGER_MS = 1_000;

const DISCARDING: unique symbol = Symbol("discarding");
type Discarding = IncomingMessage & { [DISCARDING]?: boolean };

/**
 * Reads the rest of the body to a bound. Past it, reading stops and the connection closes once the response is out and
 * the client had a moment to read it: closing at once would reset the connection under the answer.
 */
export const discardRest = (request: IncomingMessage, outgoing: ServerResponse): void => {
  const incoming: Discarding = request;
  if (incoming.complete || incoming.destroyed || incoming[DISCARDING] === true) return;
  incoming[DISCARDING] = true;
  // Reading would ask for the body; the client has been told no by then and its connection closes.
  if (outgoing instanceof Outgoing && outgoing.awaitsContinue) return;
  let bytes = 0;
  const onData = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes <= MAX_BYTES) return;
    incoming.off("data", onData).pause();
    if (!outgoing.headersSent) outgoing.shouldKeepAlive = false;
  };
  incoming.on("data", onData).resume();
  if (outgoing.writableFinished) linger(incoming);
  else outgoing.once("finish", () => linger(incoming));
};

const linger = (incoming: IncomingMessage): void => {
  if (incoming.complete || incoming.destroyed) return;
  const { socket } = incoming;
  const timer = setTimeout(() => {
    if (!incoming.complete) socket.destroySoon();
  }, LINGER_MS);
  timer.unref();
  const stop = (): void => clearTimeout(timer);
  incoming.once("close", stop);
};
