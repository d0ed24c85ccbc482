/** A feed as server-sent events. At most one message waits for a reader: one that is slow misses some. */
import type { LiveFeed, Watcher } from "./live-feed.ts";

const HEADERS = { "content-type": "text/event-stream", "cache-control": "no-store" };
const RETRY_AFTER_S = "10";

/** 503 where too many watch already. */
export const eventStream = (feed: LiveFeed, method: string): Response => {
  // Hono drops the body of an answer to HEAD without cancelling it, so its watcher would never leave.
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

/** A read that waits for a message. */
interface PendingRead {
  send(text: string): void;
  end(): void;
}

const encoder = new TextEncoder();

class StreamWatcher implements Watcher {
  #pending: PendingRead | undefined;
  #hasEnded = false;

  /** The stream is read. Resolves once the read has its message, or the stream has ended. */
  pulled(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    return new Promise((resolve) => {
      this.#pending = {
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
    return this.#pending !== undefined;
  }

  send(event: "full" | "tick", data: string): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.send(`event: ${event}\ndata: ${data}\n\n`);
  }

  end(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    this.#hasEnded = true;
    pending?.end();
  }
}
