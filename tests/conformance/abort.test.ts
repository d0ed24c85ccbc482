/** Whoever leaves early ends the other side too, and nobody is told that a cut message was whole. */
import { expect } from "vitest";
import { type Case, conformance, oneUpstream, requestText, type Stage } from "../support/suite.ts";
import { Malformed } from "../support/http-text.ts";
import { Ended } from "../support/wire.ts";

const chunkedHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const never = new Promise<void>(() => {});

/** A proxy that had not sent the response head yet may still say what happened. */
const cutOr = (stage: Stage): Promise<number | "cut"> =>
  stage.request("/").then(
    ({ status }) => status,
    (error: unknown) => {
      if (error instanceof Ended || error instanceof Malformed) return "cut";
      throw error;
    },
  );

const clientLeaves: Case[] = [
  {
    title: "client that resets before the response head ends the upstream connection",
    seenAt: ["unjs/httpxy#85", "fastify/fastify-reply-from#424", "http-party/node-http-proxy#1586"],
    run: async (stage) => {
      stage.origin.script((exchange) => exchange.wire.ended().then(() => {}));
      const client = await stage.client();
      await client.send(requestText("/slow"));
      const { wire } = await stage.origin.request();
      client.reset();
      await wire.ended();
    },
  },
  {
    title: "client that closes before the response head ends the upstream connection",
    seenAt: ["unjs/httpxy#85", "oven-sh/bun#25919"],
    run: async (stage) => {
      stage.origin.script((exchange) => exchange.wire.ended().then(() => {}));
      const client = await stage.client();
      await client.send(requestText("/slow"));
      const { wire } = await stage.origin.request();
      client.close();
      await wire.ended();
    },
  },
  {
    title: "client that leaves in the middle of the response body ends the upstream connection",
    seenAt: ["oven-sh/bun#25919", "fastify/fastify-reply-from#424"],
    run: async (stage) => {
      stage.origin.script(async (exchange) => {
        await exchange.send(`${chunkedHead}5\r\nhello\r\n`);
        await exchange.wire.ended();
      });
      const client = await stage.client();
      await client.send(requestText("/stream"));
      const response = await client.open();
      await response.pieces.next();
      client.reset();
      const { wire } = await stage.origin.request();
      await wire.ended();
    },
  },
  {
    title: "client that stops in the middle of a sized request body never completes the upstream request",
    seenAt: ["unjs/httpxy#85", "chimurai/http-proxy-middleware#40"],
    run: async (stage) => {
      stage.origin.script((exchange) => exchange.body().then(() => {}));
      const client = await stage.client();
      // Large, for small bodies may be gathered before they are sent on.
      const head = requestText("/up", { method: "POST", fields: ["Content-Length: 1000000"] });
      await client.send(head + "x".repeat(400_000));
      const exchange = await stage.origin.request();
      await exchange.bodyReceived(1);
      client.reset();
      await expect(exchange.body()).rejects.toThrow(/ended the connection/);
      expect(exchange.bodyBytes).toBeLessThanOrEqual(400_000);
    },
  },
  {
    title: "client that stops in the middle of a small request body never completes an upstream request",
    seenAt: ["unjs/httpxy#85", "chimurai/http-proxy-middleware#40"],
    run: async (stage) => {
      const client = await stage.client();
      const head = requestText("/up", { method: "POST", fields: ["Content-Length: 1000"] });
      await client.send(head + "x".repeat(400));
      client.close();
      expect((await stage.request("/after")).status).toBe(200);
      const [upload] = stage.origin.exchanges.filter((exchange) => exchange.head.method === "POST");
      if (upload !== undefined) await expect(upload.body()).rejects.toThrow(/ended the connection/);
    },
  },
  {
    title: "client that stops in the middle of a chunked request body never completes the upstream request",
    seenAt: ["unjs/httpxy#85", "chimurai/http-proxy-middleware#40"],
    run: async (stage) => {
      stage.origin.script((exchange) => exchange.body().then(() => {}));
      const client = await stage.client();
      const head = requestText("/up", { method: "POST", fields: ["Transfer-Encoding: chunked"] });
      await client.send(`${head}190\r\n${"x".repeat(400)}\r\n`);
      const exchange = await stage.origin.request();
      await exchange.bodyReceived(400);
      client.close();
      await expect(exchange.body()).rejects.toThrow(/ended the connection/);
      expect(exchange.header("content-length")).toBeUndefined();
    },
  },
  {
    title:
      "client that stops in the middle of a chunked body after an early answer never completes the request",
    run: async (stage) => {
      stage.origin.script(async (exchange) => {
        await exchange.send(`${chunkedHead}5\r\nhello\r\n`);
        await exchange.body();
      });
      const client = await stage.client();
      const head = requestText("/up", { method: "POST", fields: ["Transfer-Encoding: chunked"] });
      await client.send(`${head}190\r\n${"x".repeat(400)}\r\n`);
      await (await client.open("POST")).pieces.next();
      const exchange = await stage.origin.request();
      await exchange.bodyReceived(400);
      client.reset();
      await expect(exchange.body()).rejects.toThrow(/ended the connection/);
    },
  },
];

const originLeaves: Case[] = [
  {
    title: "origin that resets before any response is answered with 502",
    run: async (stage) => {
      stage.origin.script((exchange) => exchange.wire.reset());
      expect((await stage.request("/")).status).toBe(502);
    },
  },
  {
    title: "origin that closes in the middle of its header section is answered with 502",
    run: async (stage) => {
      stage.origin.script(async (exchange) => {
        await exchange.send("HTTP/1.1 200 OK\r\nContent-Ty");
        exchange.wire.finish();
      });
      expect((await stage.request("/")).status).toBe(502);
    },
  },
  {
    title: "sized response cut by the origin is never completed towards the client",
    seenAt: ["fastify/fastify-http-proxy#460"],
    run: async (stage) => {
      stage.origin.script(async (exchange) => {
        await exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789");
        exchange.wire.finish();
      });
      expect(["cut", 502]).toContain(await cutOr(stage));
    },
  },
  {
    title: "chunked response cut by the origin is never completed towards the client",
    seenAt: ["fastify/fastify-http-proxy#460"],
    run: async (stage) => {
      stage.origin.script(async (exchange) => {
        await exchange.send(`${chunkedHead}5\r\nhello\r\n`);
        exchange.wire.reset();
      });
      expect(["cut", 502]).toContain(await cutOr(stage));
    },
  },
  {
    title: "proxy goes on serving after many aborted exchanges",
    seenAt: ["fastify/fastify-http-proxy#460", "http-party/node-http-proxy#1468"],
    run: async (stage) => {
      stage.origin.script(() => never);
      for (let i = 0; i < 20; i++) {
        const client = await stage.client();
        await client.send(requestText(`/${i}`));
        const { wire } = await stage.origin.request(i);
        client.reset();
        await wire.ended();
      }
      stage.origin.reset();
      expect((await stage.request("/")).text).toBe("origin");
    },
  },
];

conformance("abort", { config: oneUpstream(), cases: [...clientLeaves, ...originLeaves] });
