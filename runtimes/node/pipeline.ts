/** Requests that come in before earlier ones of their connection are answered (RFC 9112 §9.3.2). */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** A connection on which more requests than this wait is cut. A single read can hold thousands. */
const MAX_WAITING = 128;

type Answer<Outgoing> = (incoming: IncomingMessage, outgoing: Outgoing) => void;

/**
 * `answer`, called for each request of a connection when the one before it is over, as other servers do. Node calls for
 * all at once, so that one client could take every connection to an upstream and any amount of memory. While requests
 * wait, nothing more is read from their connection.
 */
export const inTurn = <Outgoing extends ServerResponse>(answer: Answer<Outgoing>): Answer<Outgoing> => {
  const waiting = new WeakMap<Socket, number>();
  return (incoming, outgoing) => {
    // Node gives a response the connection when its turn has come.
    if (outgoing.socket !== null) {
      answer(incoming, outgoing);
      return;
    }
    const { socket } = incoming;
    const ahead = (waiting.get(socket) ?? 0) + 1;
    if (ahead > MAX_WAITING) {
      socket.destroy();
      return;
    }
    waiting.set(socket, ahead);
    socket.pause();
    outgoing.once("socket", () => {
      const left = (waiting.get(socket) ?? 1) - 1;
      waiting.set(socket, left);
      if (left === 0) socket.resume();
      // Node is not done with handing the connection over.
      process.nextTick(answer, incoming, outgoing);
    });
  };
};
