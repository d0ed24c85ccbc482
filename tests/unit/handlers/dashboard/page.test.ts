/** What the page does with the messages of a proxy that another one takes the place of. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { FullMessage, Sample } from "../../../../handlers/dashboard/wire.ts";
import { Watched } from "../../../support/bound.ts";

interface Stream {
  start(): void;
  pause(): void;
}

interface Store {
  samples: readonly Sample[];
  failures: readonly { readonly requestId: string }[];
  full(message: FullMessage): void;
}

/** Plain JavaScript, which only the page's own project gives types. */
const fromPage = async <Module>(name: string): Promise<Module> =>
  (await import(new URL(`../../../../handlers/dashboard/page/${name}`, import.meta.url).href)) as Module;

const { Stream: PageStream } = await fromPage<{
  Stream: new (listener: Readonly<Record<"full" | "tick" | "state", (given: never) => void>>) => Stream;
}>("stream.js");
const { Store: PageStore } = await fromPage<{ Store: new () => Store }>("store.js");

class Proxy {
  readonly changes = new Watched();
  readonly streams: ReadableStreamDefaultController<Uint8Array>[] = [];
  readonly states: string[] = [];
  readonly page: Stream = new PageStream({
    full: () => {},
    tick: () => {},
    state: ({ kind }: { readonly kind: string }) => {
      this.states.push(kind);
      this.changes.changed();
    },
  });

  answer(): Response {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.streams.push(controller);
        this.changes.changed();
      },
    });
    return new Response(body);
  }

  /** Sends so many messages on the connection of this number, and waits until the page has taken them. */
  async send(connection: number, count: number): Promise<void> {
    const before = this.states.length;
    const message = new TextEncoder().encode("event: tick\ndata: {}\n\n");
    for (let i = 0; i < count; i += 1) this.streams[connection]?.enqueue(message);
    await this.changes.until(() => this.states.length >= before + count || undefined, "the page to be live");
  }

  async connected(count: number): Promise<void> {
    await this.changes.until(() => this.streams.length === count || undefined, `connection ${count}`);
  }

  async lost(): Promise<void> {
    await this.changes.until(() => this.states.at(-1) === "lost" || undefined, "the page to be lost");
  }
}

describe("the page's stream", () => {
  let proxy: Proxy;
  beforeEach(() => {
    vi.useFakeTimers();
    proxy = new Proxy();
    vi.stubGlobal("fetch", async () => proxy.answer());
    proxy.page.start();
  });
  afterEach(() => {
    proxy.page.pause();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it("goes on at once, and shows nothing of it, where the proxy ends it for the process after it", async () => {
    await proxy.connected(1);
    await proxy.send(0, 2);
    proxy.streams[0]?.close();
    // No timer runs.
    await proxy.connected(2);
    await proxy.send(1, 1);
    expect(proxy.states).toEqual(["connecting", "live", "live", "live"]);
  });

  it("waits where the next one ends as soon", async () => {
    await proxy.connected(1);
    await proxy.send(0, 1);
    proxy.streams[0]?.close();
    await proxy.lost();
    expect(proxy.streams).toHaveLength(1);
  });

  it("waits where its connection breaks", async () => {
    await proxy.connected(1);
    await proxy.send(0, 3);
    proxy.streams[0]?.error(new TypeError("network error"));
    await proxy.lost();
    expect(proxy.streams).toHaveLength(1);
  });
});

describe("the page's store", () => {
  const message = (times: readonly number[], ids: readonly string[]): FullMessage =>
    ({
      samples: times.map((time) => ({ time, seconds: 1, requests: 1, failures: 0, causes: {} })),
      failures: ids.map((requestId) => ({ requestId, time: 0 })),
      endpoints: [],
      activity: [],
    }) as unknown as FullMessage;

  it("keeps the seconds and failures of a process that another has taken the place of", () => {
    const store = new PageStore();
    store.full(message([1, 2, 3], ["b", "a"]));
    store.full(message([4], ["c"]));
    expect(store.samples.map(({ time }) => time)).toEqual([1, 2, 3, 4]);
    expect(store.failures.map(({ requestId }) => requestId)).toEqual(["c", "b", "a"]);
    // The same process knows the seconds that the page has missed.
    store.full(message([4, 5, 6], ["d", "c"]));
    expect(store.samples.map(({ time }) => time)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(store.failures.map(({ requestId }) => requestId)).toEqual(["d", "c", "b", "a"]);
  });
});
