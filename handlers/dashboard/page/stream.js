/**
 * The event stream, by `fetch`: an `EventSource` can't send the token. Connects again by itself: at once, and without a change of the
 * state shown, where the proxy ends a stream that was live, as it does when another process replaces it.
 */
import { authorization } from "./token.js";

/** @import { FullMessage, TickMessage } from "../wire.ts" */

/**
 * @typedef {{ kind: "connecting" } | { kind: "live" } | { kind: "paused" } | { kind: "unauthorized" }
 *   | { kind: "lost", retryAt: number, why: string }} ConnectionState
 */

/**
 * @typedef {object} StreamListener
 * @property {(message: FullMessage) => void} full
 * @property {(message: TickMessage) => void} tick
 * @property {(state: ConnectionState) => void} state
 */

/** Events come each second. */
const SILENCE_MS = 6_000;
const RETRY_MS = [500, 1_000, 2_000, 3_000, 5_000];
/** After fewer events a stream is not continued at once: the next one might end as soon. */
const LIVE_EVENTS = 2;

const ENDED = "the proxy closed the stream";

export class Stream {
  /** @type {StreamListener} */
  #listener;
  /** @type {AbortController | undefined} */
  #connection;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;
  #failures = 0;
  /** Received on this connection. */
  #events = 0;

  /** @param {StreamListener} listener */
  constructor(listener) {
    this.#listener = listener;
  }

  start() {
    if (this.#failures === 0) this.#listener.state({ kind: "connecting" });
    this.#connect();
  }

  pause() {
    this.#end();
    this.#failures = 0;
    this.#listener.state({ kind: "paused" });
  }

  #connect() {
    this.#end();
    this.#events = 0;
    const connection = new AbortController();
    this.#connection = connection;
    void this.#run(connection);
  }

  #end() {
    clearTimeout(this.#retry);
    this.#connection?.abort();
    this.#connection = undefined;
  }

  /** @param {AbortController} connection */
  async #run(connection) {
    const why = await this.#read(connection).catch(() => "the proxy can't be reached");
    if (connection !== this.#connection) return;
    connection.abort();
    if (why === undefined) return;
    if (why === ENDED && this.#events >= LIVE_EVENTS) {
      this.#connect();
      return;
    }
    const wait = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)] ?? 0;
    this.#failures += 1;
    this.#retry = setTimeout(() => this.start(), wait);
    this.#listener.state({ kind: "lost", retryAt: Date.now() + wait, why });
  }

  /**
   * @param {AbortController} connection
   * @returns {Promise<string | undefined>} why it ended; undefined where it must not be tried again
   */
  async #read(connection) {
    const silence = new Silence(() => connection.abort());
    try {
      const response = await fetch("events", {
        headers: { accept: "text/event-stream", ...authorization() },
        signal: connection.signal,
        cache: "no-store",
      });
      if (response.status === 401) {
        this.#listener.state({ kind: "unauthorized" });
        return undefined;
      }
      if (!response.ok || response.body === null) return `the proxy answered ${response.status}`;
      for await (const { event, data } of eventsOf(response.body)) {
        if (connection !== this.#connection) return undefined;
        silence.heard();
        this.#failures = 0;
        this.#events += 1;
        const message = JSON.parse(data);
        if (event === "full") this.#listener.full(message);
        else if (event === "tick") this.#listener.tick(message);
        this.#listener.state({ kind: "live" });
      }
      return ENDED;
    } finally {
      silence.end();
    }
  }
}

class Silence {
  #tooLong;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {() => void} tooLong */
  constructor(tooLong) {
    this.#tooLong = tooLong;
    this.heard();
  }

  heard() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#tooLong, SILENCE_MS);
  }

  end() {
    clearTimeout(this.#timer);
  }
}

/**
 * As the HTML standard has it, of what the proxy sends: lines end with "\n".
 *
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} body
 */
async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  /** Pieces of an event that has not ended; joined once it has. @type {string[]} */
  let pieces = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    pieces.push(value);
    if (!value.includes("\n")) continue;
    const texts = pieces.join("").split("\n\n");
    pieces = [texts.pop() ?? ""];
    for (const text of texts) yield eventOf(text);
  }
}

/** @param {string} text */
const eventOf = (text) => {
  let event = "message";
  let data = "";
  for (const line of text.split("\n")) {
    if (line.startsWith("event: ")) event = line.slice(7);
    else if (line.startsWith("data: ")) data += line.slice(6);
  }
  return { event, data };
};
