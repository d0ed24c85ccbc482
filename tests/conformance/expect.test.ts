/** `Expect: 100-continue` (RFC 9110 §10.1.1) is for the upstream to answer; uploads go upstream head first. */
import { expect } from "vitest";
import { Gate } from "../support/bound.ts";
import { type Case, conformance, requestText } from "../support/suite.ts";

const SEEN_AT = ["haga-rak/fluxzy.core#625", "ratpack/ratpack#1559"];
const EXPECT = "Expect: 100-continue";
const CHUNKED = "Transfer-Encoding: chunked";
const put = (...fields: readonly string[]): string => requestText("/", { method: "PUT", fields });

const headFirst: Case[] = [
  { kind: "sized", field: "Content-Length: 4", body: "body" },
  { kind: "chunked", field: CHUNKED, body: "4\r\nbody\r\n0\r\n\r\n" },
].map(({ kind, field, body }) => ({
  title: `head of a ${kind} upload reaches the origin before any content`,
  seenAt: SEEN_AT,
  run: async (stage) => {
    const { client, exchange } = await stage.begun(put(field));
    expect(exchange.header("expect")).toBeUndefined();
    await client.send(body);
    expect((await client.response()).text).toBe("origin");
    expect((await exchange.body()).toString()).toBe("body");
  },
}));

const relayed: Case[] = [
  {
    title: "expectation is sent on to the origin, and its 100 to the client",
    seenAt: SEEN_AT,
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await x.send("HTTP/1.1 100 Continue\r\n\r\n");
        await x.respond(200, {}, await x.body());
      });
      const { client, exchange } = await stage.begun(put(EXPECT, "Content-Length: 4"));
      expect(exchange.header("expect")?.toLowerCase()).toBe("100-continue");
      expect((await client.head()).status).toBe(100);
      await client.send("body");
      const { text, interim } = await client.response();
      expect([text, interim]).toEqual(["body", []]);
    },
  },
  {
    title: "refusal by the origin reaches the client without a 100 and without its content",
    seenAt: SEEN_AT,
    run: async (stage) => {
      stage.origin.script((x) => x.respond(401, { "WWW-Authenticate": "Basic" }, "who"));
      const { client, exchange } = await stage.begun(put(EXPECT, "Content-Length: 1000"));
      const { status, text, interim, fields } = await client.response();
      expect([status, text, interim]).toEqual([401, "who", []]);
      expect(fields.get("www-authenticate")).toBe("Basic");
      expect(exchange.bodyBytes).toBe(0);
    },
  },
  {
    title: "refusal without an expectation reaches a client that has sent no content yet",
    seenAt: SEEN_AT,
    run: async (stage) => {
      stage.origin.script((x) => x.respond(401, {}, "who"));
      const { client } = await stage.begun(put("Content-Length: 1000"));
      expect((await client.response()).status).toBe(401);
    },
  },
  {
    title: "content behind a refusal is never read as a request",
    seenAt: ["CVE-2025-4366"],
    run: async (stage) => {
      const smuggled = requestText("/smuggled");
      stage.origin.script((x) => x.respond(401, {}, "who"));
      const { client } = await stage.begun(put(EXPECT, `Content-Length: ${smuggled.length}`));
      expect((await client.response()).status).toBe(401);
      void client.send(smuggled + requestText("/next"));
      // The second request gets its answer, or none and the connection closes.
      const next = await client.response().then(
        ({ status }) => status,
        () => "closed",
      );
      expect([401, "closed"]).toContain(next);
      stage.origin.script((x) => x.respond(200, {}, x.head.target));
      expect((await stage.request("/after")).text).toBe("/after");
      expect(stage.origin.seen.filter((line) => line.includes("/smuggled"))).toEqual([]);
    },
  },
  {
    title: "client whose origin stays silent is answered 100 by the proxy after a while",
    run: async (stage) => {
      const { client, exchange } = await stage.begun(put(EXPECT, "Content-Length: 4"));
      const began = performance.now();
      expect((await client.head()).status).toBe(100);
      expect(performance.now() - began).toBeGreaterThan(500);
      await client.send("body");
      expect((await client.response()).text).toBe("origin");
      expect((await exchange.body()).toString()).toBe("body");
    },
  },
  {
    title: "100 of an origin that was late is not sent a second time",
    run: async (stage) => {
      const answered = new Gate();
      stage.origin.script(async (x) => {
        await answered.opened;
        await x.send("HTTP/1.1 100 Continue\r\n\r\n");
        await x.respond(200, {}, await x.body());
      });
      const { client } = await stage.begun(put(EXPECT, "Content-Length: 4"));
      expect((await client.head()).status).toBe(100);
      answered.open();
      await client.send("body");
      const { text, interim } = await client.response();
      expect([text, interim]).toEqual(["body", []]);
    },
  },
  {
    title: "content of a client that did not wait is forwarded at once",
    run: async (stage) => {
      const { client, exchange } = await stage.begun(`${put(EXPECT, "Content-Length: 4")}body`);
      await exchange.bodyReceived(4);
      expect((await client.response()).text).toBe("origin");
    },
  },
  {
    title: "expectation of an HTTP/1.0 client is ignored",
    run: async (stage) => {
      const parts = { method: "PUT", version: "1.0", fields: [EXPECT], body: "body" } as const;
      const { status, interim } = await stage.request("/", parts);
      expect([status, interim]).toEqual([200, []]);
      const exchange = await stage.origin.request();
      expect(exchange.header("expect")).toBeUndefined();
      expect((await exchange.body()).toString()).toBe("body");
    },
  },
  {
    title: "expectation of a request without content is not waited for",
    run: async (stage) => {
      const { status, interim } = await stage.request("/", { fields: [EXPECT] });
      expect([status, interim]).toEqual([200, []]);
    },
  },
];

const answeredHere: Case[] = [
  {
    title: "request that the proxy answers itself asks for no content",
    run: async (stage) => {
      const client = await stage.client();
      const fields = [EXPECT, "Content-Length: 1000"];
      await client.send(requestText("/", { host: "fixed.test", method: "PUT", fields }));
      const { text, interim } = await client.response();
      expect([text, interim]).toEqual(["fixed", []]);
      expect(stage.origin.seen).toEqual([]);
    },
  },
  {
    title: "content over the limit is refused before it is asked for",
    run: async (stage) => {
      const client = await stage.client();
      const fields = [EXPECT, "Content-Length: 1000"];
      await client.send(requestText("/", { host: "small.test", method: "PUT", fields }));
      const { status, interim } = await client.response();
      expect([status, interim]).toEqual([413, []]);
      expect(stage.origin.seen).toEqual([]);
    },
  },
];

conformance("expectations", {
  config: ([origin]) => ({
    upstreams: { main: origin },
    routes: [
      { match: { host: "fixed.test" }, respond: { body: "fixed" } },
      { match: { host: "small.test" }, upstream: "main", bodyBytes: 10 },
      { upstream: "main" },
    ],
  }),
  cases: [...headFirst, ...relayed, ...answeredHere],
});
