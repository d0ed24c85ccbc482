/** What an origin sends piece by piece arrives piece by piece, at once. */
import { expect } from "vitest";
import { Gate } from "../support/bound.ts";
import { type Case, conformance, oneUpstream, requestText } from "../support/suite.ts";

const ACCEPT = "Accept-Encoding: gzip, deflate, br, zstd";

const streamHead = (type: string): string =>
  `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nX-Accel-Buffering: no\r\nTransfer-Encoding: chunked\r\n\r\n`;

const streams: Case[] = [
  {
    title: "head of an event stream is flushed before the first event",
    seenAt: ["caddyserver/caddy#6293"],
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await x.send(streamHead("text/event-stream"));
        await x.wire.ended();
      });
      const client = await stage.client();
      await client.send(requestText("/", { fields: [ACCEPT, "Accept: text/event-stream"] }));
      const response = await client.open();
      expect([response.status, response.fields.get("content-type")]).toEqual([200, "text/event-stream"]);
      expect([response.fields.get("content-encoding"), response.fields.get("content-length")]).toEqual([
        undefined,
        undefined,
      ]);
    },
  },
  ...["text/event-stream", "text/plain"].map((type): Case => ({
    title: `pieces of a ${type} response arrive one by one as they were sent`,
    seenAt: ["caddyserver/caddy#6293"],
    run: async (stage) => {
      const sent = new Gate();
      stage.origin.script(async (x) => {
        await x.send(streamHead(type));
        await sent.opened;
      });
      const client = await stage.client();
      await client.send(requestText("/", { fields: [ACCEPT] }));
      const exchange = await stage.origin.request();
      const send = (event: string): Promise<void> =>
        exchange.send(`${event.length.toString(16)}\r\n${event}\r\n`);
      const [first, ...others] = ["data: 1\n\n", "data: two\n\n", ": quiet\n\n"];
      await send(first);
      const response = await client.open();
      expect((await response.pieces.next()).value?.toString()).toBe(first);
      for (const event of others) {
        await send(event);
        const piece = await response.pieces.next();
        expect(piece.done === true ? "" : piece.value.toString()).toBe(event);
      }
      await exchange.send("0\r\n\r\n");
      sent.open();
      expect((await response.pieces.next()).done).toBe(true);
    },
  })),
  {
    title: "sized response that takes its time arrives as it was sent",
    run: async (stage) => {
      const [first, last] = ["a".repeat(1_000), "b".repeat(64_536)];
      stage.origin.script(async (x) => {
        await x.send(`HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n${first}`);
        await x.wire.ended();
      });
      const client = await stage.client();
      await client.send(requestText("/"));
      const exchange = await stage.origin.request();
      const response = await client.open();
      expect((await response.pieces.next()).value?.toString()).toBe(first);
      await exchange.send(last);
      let rest = "";
      for await (const piece of response.pieces) rest += piece.toString();
      expect(rest).toBe(last);
    },
  },
];

conformance("streams", { config: oneUpstream(), cases: streams });
