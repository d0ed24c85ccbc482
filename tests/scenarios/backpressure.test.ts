/** A slow side slows the other one down; nothing piles up in the proxy. */
import { expect } from "vitest";
import { Gate, Watched } from "../support/bound.ts";
import { type Case, conformance, oneUpstream, requestText, type Stage } from "../support/suite.ts";
import type { Wire } from "../support/wire.ts";

const MIB = 1024 * 1024;
const TOTAL = 192 * MIB;
const PIECE = Buffer.alloc(64 * 1024, "x");
/** Sockets' own buffers on both sides of the proxy, generously. */
const IN_FLIGHT = 48 * MIB;
const GROWTH = 64 * MIB;
/** A writer that got no further for so long is held back. */
const STALL_MS = 700;

/** Writes `TOTAL` bytes as fast as the other side takes them. */
class Writer {
  written = 0;
  readonly #progress: Watched = new Watched();
  readonly #wire: Wire;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  async run(): Promise<void> {
    while (this.written < TOTAL && this.#wire.ending === undefined) {
      await this.#wire.send(PIECE);
      this.written += PIECE.length;
      this.#progress.changed();
    }
  }

  /** Resolves once nothing more is taken, or everything was. */
  async stalled(): Promise<void> {
    for (;;) {
      const before = this.written;
      if (before >= TOTAL) return;
      const more = await this.#progress
        .until(() => (this.written > before ? true : undefined), "progress", STALL_MS)
        .catch(() => false);
      if (!more) return;
    }
  }
}

/** Warms the process up, so that growth is the bodies' and not the engine's. */
const settledRss = async (stage: Stage): Promise<number> => {
  for (let i = 0; i < 20; i++) await stage.request("/warm");
  return stage.proxy.child.rss();
};

const cases: Case[] = [
  {
    title: "slow reader of a response slows the origin down, and memory stays bounded",
    seenAt: ["oven-sh/bun#28035"],
    run: async (stage) => {
      const before = await settledRss(stage);
      stage.origin.reset();
      const client = await stage.client();
      const done = new Gate();
      stage.origin.script(async (x) => {
        await x.send(`HTTP/1.1 200 OK\r\nContent-Length: ${TOTAL}\r\n\r\n`);
        await done.opened;
      });
      client.wire.hold();
      await client.send(requestText("/big"));
      const writer = new Writer((await stage.origin.request()).wire);
      const running = writer.run();
      await writer.stalled();
      expect(writer.written).toBeLessThan(IN_FLIGHT);
      expect(stage.proxy.child.rss() - before).toBeLessThan(GROWTH);
      client.wire.release();
      let received = 0;
      for await (const piece of (await client.open()).pieces) received += piece.length;
      expect(received).toBe(TOTAL);
      await running;
      done.open();
      expect(stage.proxy.child.rss() - before).toBeLessThan(GROWTH);
    },
  },
  {
    title: "slow reader of a request body slows the client down, and memory stays bounded",
    seenAt: ["oven-sh/bun#28035"],
    run: async (stage) => {
      const before = await settledRss(stage);
      stage.origin.reset();
      const release = new Gate();
      stage.origin.script(async (x) => {
        x.wire.hold();
        await release.opened;
        x.wire.release();
        await x.body();
        await x.respond(200, {}, "taken");
      });
      const client = await stage.client();
      await client.send(requestText("/big", { method: "POST", fields: [`Content-Length: ${TOTAL}`] }));
      const writer = new Writer(client.wire);
      const running = writer.run();
      await stage.origin.request();
      await writer.stalled();
      expect(writer.written).toBeLessThan(IN_FLIGHT);
      expect(stage.proxy.child.rss() - before).toBeLessThan(GROWTH);
      release.open();
      await running;
      expect((await client.response("POST", 30_000)).text).toBe("taken");
      expect((await stage.origin.request()).bodyBytes).toBe(TOTAL);
      expect(stage.proxy.child.rss() - before).toBeLessThan(GROWTH);
    },
  },
];

conformance("backpressure", {
  config: oneUpstream({ listen: { limits: { bodyBytes: "unlimited" } } }),
  cases,
});
