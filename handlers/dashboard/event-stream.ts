/** A feed as server-sent events. At most one message waits for a reader: one that is slow misses some. */
import type { LiveFeed, Watcher } from "./live-feed.ts";

const HEADERS = { "content-type": "text/event-stream", "cache-control": "no-store" };
const RETRY_AFTER_S = "10";

/** 503 where too many watch already. */
export const eventStream = (feed: LiveFeed, method: string): Response => {
  // Hono drops the body of an answer to HEAD without a word to it: a watcher would stay for ever.
  if (method === "HEAD") return new Response(null, { headers: HEADERS });
  const watcher = new StreamWatcher();
  const leave = feed.watch(watcher);
  if (leave === undefined) {
    return new Response("too many pages watch already\n", {
      status: 503,
      headers: { "retry-after": RETRY_AFTER_S },
    });
  }
  const body = new ReadableStream<Uint8Array>(
    { pull: (controller) => watcher.pulled(controller), cancel: leave },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: HEADERS });
};

/** What the stream's reader waits for. */
interface Asked {
  send(text: string): void;
  end(): void;
}

const encoder = new TextEncoder();

class StreamWatcher implements Watcher {
  #asked: Asked | undefined;
  #hasEnded = false;

  /** The stream's reader wants something: resolves once it has got it. */
  pulled(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    return new Promise((resolve) => {
      this.#asked = {
        send: (text) => {
          controller.enqueue(encoder.encode(text));
          resolve();
        },
        end: () => {
          controller.close();
          resolve();
        },
      };
      if (this.#hasEnded) this.end();
    });
  }

  isReady(): boolean {
    return this.#asked !== undefined;
  }

  send(event: "full" | "tick", data: string): void {
    const asked = this.#asked;
    this.#asked = undefined;
    asked?.send(`event: ${event}\ndata: ${data}\n\n`);
  }

  end(): void {
    const asked = this.#asked;
    this.#asked = undefined;
    this.#hasEnded = true;
    asked?.end();
  }
}
