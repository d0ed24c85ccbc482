/** One app over Web standards, `examples/portable.ts`, does the same on every runtime. */
import { gzipSync } from "node:zlib";
import { expect } from "vitest";
import { type Case, type Stage, conformance, oneUpstream, requestText } from "../support/suite.ts";

const echo = (stage: Stage): void =>
  stage.origin.script(async (exchange) => {
    const body = await exchange.body().catch(() => undefined);
    if (body !== undefined) await exchange.respond(200, {}, body.toString());
  });

const chunked = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;

const cases: Case[] = [
  {
    title: "app answers by itself, with security headers",
    run: async (stage) => {
      const response = await stage.request("/hello");
      expect([response.status, response.text]).toEqual([200, "from the app itself\n"]);
      expect(response.fields.get("x-content-type-options")).toBe("nosniff");
    },
  },
  {
    title: "request is proxied as it came, and names its client",
    run: async (stage) => {
      const fields = ["X-Kept: 1", "x_odd: 1", "Connection: x-hop", "X-Hop: 1", "X-Forwarded-For: 10.0.0.1"];
      const response = await stage.request("/a/b?c=d&e", { fields });
      expect([response.status, response.text]).toEqual([200, "origin"]);
      expect(response.fields.get("x-content-type-options")).toBe("nosniff");
      const exchange = await stage.origin.request();
      expect(`${exchange.head.method} ${exchange.head.target}`).toBe("GET /a/b?c=d&e");
      expect(["x-kept", "x_odd", "x-hop", "x-forwarded-for"].map((name) => exchange.header(name))).toEqual([
        "1",
        undefined,
        undefined,
        "127.0.0.1",
      ]);
    },
  },
  ...[10, 100_000, 2_000_000].flatMap((bytes): Case[] => [
    {
      title: `sized upload of ${bytes} bytes comes back whole`,
      run: async (stage) => {
        echo(stage);
        const body = "x".repeat(bytes);
        const response = await stage.request("/a", { method: "POST", body });
        expect([response.status, response.text === body]).toEqual([200, true]);
      },
    },
    {
      title: `chunked upload of ${bytes} bytes comes back whole`,
      run: async (stage) => {
        echo(stage);
        const body = "x".repeat(bytes);
        const head = requestText("/a", { method: "POST", fields: ["Transfer-Encoding: chunked"] });
        const response = await stage.raw(head + chunked(body), "POST");
        expect([response.status, response.text === body]).toEqual([200, true]);
      },
    },
  ]),
  {
    title: "validation refuses what is announced to be too long",
    run: async (stage) => {
      const fields = ["Content-Length: 10000001"];
      const response = await stage.raw(requestText("/a", { method: "POST", fields }), "POST");
      expect(response.status).toBe(413);
      expect(response.fields.get("x-content-type-options")).toBe("nosniff");
      expect(stage.origin.seen).toEqual([]);
    },
  },
  {
    title: "cookies of a response stay apart",
    run: async (stage) => {
      stage.origin.script((x) =>
        x.send("HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok"),
      );
      const response = await stage.request("/a");
      expect([response.text, response.fields.all("set-cookie")]).toEqual(["ok", ["a=1", "b=2"]]);
    },
  },
  {
    title: "redirect of the upstream is passed on",
    run: async (stage) => {
      stage.origin.script((x) => x.send("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"));
      const response = await stage.request("/a");
      expect([response.status, response.fields.get("location")]).toEqual([302, "/x"]);
    },
  },
  {
    title: "content coding and content agree, whatever the client asked for",
    run: async (stage) => {
      const coded = gzipSync("the content");
      stage.origin.script(async (x) => {
        const head = `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nETag: "v"\r\nContent-Length: ${coded.length}\r\n\r\n`;
        await x.send(head);
        await x.send(coded);
      });
      for (const fields of [[], ["Accept-Encoding: gzip"]]) {
        const response = await stage.request("/a", { fields });
        const isCoded = response.fields.get("content-encoding") === "gzip";
        expect(isCoded ? [...response.body] : response.text).toEqual(isCoded ? [...coded] : "the content");
        expect(response.fields.get("etag")).toBe(isCoded ? '"v"' : 'W/"v"');
      }
    },
  },
  {
    title: "upstream that answers nonsense or nothing is a 502",
    run: async (stage) => {
      stage.origin.script((x) => x.wire.reset());
      const response = await stage.request("/a");
      expect([response.status, response.fields.get("content-type")]).toEqual([
        502,
        "application/problem+json",
      ]);
      expect(response.fields.get("x-content-type-options")).toBe("nosniff");
    },
  },
  {
    title: "client that leaves ends the upstream request",
    run: async (stage) => {
      stage.origin.script(() => new Promise(() => {}));
      const client = await stage.client();
      await client.send(requestText("/a"));
      const exchange = await stage.origin.request();
      client.reset();
      await exchange.wire.ended();
    },
  },
  {
    title: "large response arrives whole",
    run: async (stage) => {
      const body = "x".repeat(3_000_000);
      stage.origin.script((x) => x.respond(200, {}, body));
      const response = await stage.request("/a");
      expect([response.status, response.text === body]).toEqual([200, true]);
    },
  },
  {
    // The last one: it leaves the breaker open.
    title: "circuit breaker stops asking an upstream that keeps failing",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(503));
      for (let i = 0; i < 5; i++) expect((await stage.request("/a")).status).toBe(503);
      const asked = stage.origin.exchanges.length;
      const refused = await stage.request("/a");
      expect([refused.status, refused.text.includes("circuit-open")]).toEqual([503, true]);
      expect(Number(refused.fields.get("retry-after"))).toBeGreaterThan(0);
      expect(stage.origin.exchanges.length).toBe(asked);
      expect((await stage.request("/hello")).status).toBe(200);
    },
  },
];

conformance("portable app", { serves: "portable", config: oneUpstream(), cases });
