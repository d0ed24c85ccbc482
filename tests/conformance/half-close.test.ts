/** What a client means that sends FIN: that it has left, or, where the config says so, that it has asked for all it wants. */
import { expect } from "vitest";
import { Gate } from "../support/bound.ts";
import { type Case, conformance, oneUpstream, requestText } from "../support/suite.ts";

const SEEN_AT = ["unjs/httpxy#85", "oven-sh/bun#25919"];

const leaves: Case[] = [
  {
    title: "FIN behind a complete request ends the upstream connection",
    seenAt: SEEN_AT,
    run: async (stage) => {
      stage.origin.script((x) => x.wire.ended().then(() => {}));
      const { client, exchange } = await stage.begun(requestText("/"));
      client.finish();
      await exchange.wire.ended();
      await client.closed();
    },
  },
  {
    title: "FIN sent with the request ends the upstream connection",
    seenAt: SEEN_AT,
    run: async (stage) => {
      stage.origin.script(async (x) =>
        x.head.target === "/after" ? x.respond(200, {}, "after") : void (await x.wire.ended()),
      );
      const client = await stage.client();
      void client.send(requestText("/left"));
      client.finish();
      await client.closed();
      // By then whatever was sent upstream for the first request is there.
      expect((await stage.request("/after")).text).toBe("after");
      for (const { head, wire } of stage.origin.exchanges) if (head.target === "/left") await wire.ended();
    },
  },
  {
    title: "FIN behind pipelined requests that were read ahead leaves them to be answered",
    run: async (stage) => {
      const left = new Gate();
      stage.origin.script(async (x) => {
        if (x.head.target === "/1") await left.opened;
        await x.respond(200, {}, x.head.target === "/1" ? "one" : "two");
      });
      const { client } = await stage.begun(requestText("/1") + requestText("/2"));
      client.finish();
      // What the proxy answers after the FIN was sent, it answers after it has seen it.
      expect((await stage.request("/other")).text).toBe("two");
      left.open();
      expect((await client.response()).text).toBe("one");
      expect((await client.response()).text).toBe("two");
      expect(await client.closed()).toBe("fin");
      expect(stage.origin.seen).toEqual(["GET /1", "GET /other", "GET /2"]);
    },
  },
  {
    title: "FIN in the middle of the response ends the upstream connection",
    seenAt: SEEN_AT,
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await x.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf,");
        await x.wire.ended();
      });
      const { client, exchange } = await stage.begun(requestText("/"));
      await (await client.open()).pieces.next();
      client.finish();
      await exchange.wire.ended();
    },
  },
  ...[
    { kind: "sized", field: "Content-Length: 10" },
    { kind: "chunked", field: "Transfer-Encoding: chunked" },
  ].map(({ kind, field }): Case => ({
    title: `FIN in the middle of a ${kind} request body never completes the upstream request`,
    seenAt: ["unjs/httpxy#85", "chimurai/http-proxy-middleware#40"],
    run: async (stage) => {
      const head = requestText("/", { method: "POST", fields: [field] });
      const { client, exchange } = await stage.begun(`${head}5\r\nhe`);
      client.finish();
      await expect(exchange.body()).rejects.toThrow(/ended the connection/);
      await client.closed();
    },
  })),
  {
    title: "FIN in the middle of a header section is answered by closing",
    run: async (stage) => {
      const client = await stage.client();
      void client.send("GET / HTTP/1.1\r\nHost: exam");
      client.finish();
      await client.closed();
      expect(stage.origin.seen).toEqual([]);
    },
  },
  {
    title: "FIN on an idle connection is answered with FIN",
    run: async (stage) => {
      const client = await stage.client();
      await client.send(requestText("/"));
      expect((await client.response()).status).toBe(200);
      client.finish();
      expect(await client.closed()).toBe("fin");
    },
  },
];

conformance("half-closed clients", { config: oneUpstream(), cases: leaves });

const answered: Case[] = [
  {
    title: "request behind which the client half-closed is answered",
    run: async (stage) => {
      const client = await stage.client();
      void client.send(requestText("/"));
      client.finish();
      expect((await client.response()).text).toBe("origin");
      expect(await client.closed()).toBe("fin");
    },
  },
  {
    title: "upload behind which the client half-closed is answered",
    run: async (stage) => {
      stage.origin.script(async (x) => x.respond(200, {}, await x.body()));
      const client = await stage.client();
      void client.send(requestText("/", { method: "POST", body: "x".repeat(300_000) }));
      client.finish();
      expect((await client.response("POST")).body.length).toBe(300_000);
      expect(await client.closed()).toBe("fin");
    },
  },
  {
    title: "pipelined requests behind which the client half-closed are all answered",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(200, {}, x.head.target));
      const targets = Array.from({ length: 100 }, (_, i) => `/${i}`);
      const client = await stage.client();
      void client.send(targets.map((target) => requestText(target)).join(""));
      client.finish();
      for (const target of targets) expect((await client.response()).text).toBe(target);
      expect(await client.closed()).toBe("fin");
    },
  },
  {
    title: "half-closed client that resets ends the upstream connection once something is written to it",
    run: async (stage) => {
      const piece = `2000\r\n${"x".repeat(0x2000)}\r\n`;
      stage.origin.script(async (x) => {
        await x.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        while (x.wire.ending === undefined) await x.send(piece);
      });
      const { client, exchange } = await stage.begun(requestText("/"));
      client.finish();
      await (await client.open()).pieces.next();
      client.reset();
      await exchange.wire.ended();
    },
  },
  {
    title: "FIN in the middle of a request body never completes the upstream request",
    run: async (stage) => {
      const { client, exchange } = await stage.begun(
        `${requestText("/", { method: "POST", fields: ["Content-Length: 10"] })}half`,
      );
      client.finish();
      await expect(exchange.body()).rejects.toThrow(/ended the connection/);
      await client.closed();
    },
  },
];

conformance("half-closed clients that are answered", {
  config: oneUpstream({ listen: { halfClose: "answer" } }),
  cases: answered,
});
