/** Answers that come before their time: early, interim, expected. */
import { expect } from "vitest";
import { lineAbout } from "../support/log-lines.ts";
import { type Case, conformance, requestText } from "../support/suite.ts";

/** Enough for no proxy to wait for more before it sends the request on. */
const PART: string = "x".repeat(300_000);

const CHUNKED = "Transfer-Encoding: chunked";
const chunk = (content: string): string => `${content.length.toString(16)}\r\n${content}\r\n`;

/** How uploads look that go on when the origin has had enough. */
const UPLOADS = [
  { kind: "small chunked", field: CHUNKED, part: chunk("hello") },
  { kind: "large chunked", field: CHUNKED, part: chunk(PART) },
  { kind: "large sized", field: `Content-Length: ${PART.length + 1}`, part: PART },
] as const;

const unfinished: Case[] = UPLOADS.flatMap(({ kind, field, part }) => {
  const upload = requestText("/up", { method: "POST", fields: [field] }) + part;
  return [
    {
      title: `${kind} upload whose origin resets is answered with 502`,
      run: async (stage) => {
        stage.origin.script((x) => x.wire.reset());
        const response = await stage.raw(upload, "POST");
        expect(response.status).toBe(502);
        expect(JSON.parse(response.text)).toMatchObject({ code: "upstream-reset" });
        await lineAbout(stage, "upstream-reset", "/up");
      },
    },
    {
      title: `${kind} upload whose origin refuses and closes is answered with the refusal`,
      run: async (stage) => {
        stage.origin.script(async (x) => {
          await x.send("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno");
          x.wire.finish();
          await x.wire.ended();
        });
        const response = await stage.raw(upload, "POST");
        expect([response.status, response.text]).toEqual([413, "no"]);
      },
    },
    {
      title: `${kind} upload whose origin answers early and keeps the connection is answered`,
      run: async (stage) => {
        stage.origin.script((x) => x.respond(200, {}, "early"));
        const response = await stage.raw(upload, "POST");
        expect([response.status, response.text]).toEqual([200, "early"]);
      },
    },
  ] satisfies Case[];
});

const early: Case[] = [
  {
    title: "answer that comes before the request body ends reaches the client at once",
    seenAt: ["CVE-2025-4366"],
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await x.bodyReceived(10);
        await x.send("HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno");
        await x.wire.ended();
      });
      const client = await stage.client();
      const head = requestText("/", { method: "POST", fields: ["Content-Length: 1000000"] });
      await client.send(head + PART);
      const response = await client.response();
      expect([response.status, response.text]).toEqual([403, "no"]);
    },
  },
  {
    title: "upstream connection of an early answer is not used again with the body unsent",
    seenAt: ["CVE-2025-4366"],
    run: async (stage) => {
      const smuggled = requestText("/smuggled");
      stage.origin.script(async (x) => {
        await x.respond(200, {}, x.head.target);
        if (x.head.method === "POST") await x.body();
      });
      const client = await stage.client();
      const fields = [`Content-Length: ${PART.length + smuggled.length}`];
      await client.send(requestText("/first", { method: "POST", fields }) + PART);
      expect((await client.response()).text).toBe("/first");
      expect((await stage.request("/second")).text).toBe("/second");
      const [first, second] = stage.origin.exchanges;
      expect(second?.connection).not.toBe(first?.connection);
      void client.send(smuggled);
      expect((await stage.request("/third")).text).toBe("/third");
      expect(stage.origin.exchanges.map(({ head }) => head.target)).toEqual(["/first", "/second", "/third"]);
    },
  },
  {
    title: "body of a request that the proxy answers itself is never read as a request",
    seenAt: ["CVE-2025-4366"],
    run: async (stage) => {
      const client = await stage.client();
      await client.send(
        requestText("/", { host: "fixed.test", method: "POST", body: requestText("/smuggled") }),
      );
      expect((await client.response()).text).toBe("fixed");
      void client.send(requestText("/next"));
      const next = await client.response().then(
        (r) => r.text,
        () => "closed",
      );
      expect(["origin", "closed"]).toContain(next);
      expect(stage.origin.seen.filter((line) => line.includes("/smuggled"))).toEqual([]);
    },
  },
  {
    title: "interim responses of the origin never stand for the final one",
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await x.send("HTTP/1.1 102 Processing\r\n\r\n");
        await x.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n");
        await x.respond(200, {}, "final");
      });
      const client = await stage.client();
      for (let i = 0; i < 2; i++) {
        await client.send(requestText("/"));
        const response = await client.response();
        expect([response.status, response.text]).toEqual([200, "final"]);
      }
    },
  },
  {
    title: "100 of the origin that nobody asked for is skipped",
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await x.send("HTTP/1.1 100 Continue\r\n\r\n");
        await x.respond(200, {}, "final");
      });
      expect((await stage.request("/")).text).toBe("final");
    },
  },
  {
    title: "100 of the origin behind other interim responses is skipped",
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await x.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n");
        await x.send("HTTP/1.1 100 Continue\r\n\r\n");
        await x.respond(200, {}, "final");
      });
      expect((await stage.request("/")).text).toBe("final");
    },
  },
  {
    title: "client that expects 100 gets it and its body is forwarded",
    run: async (stage) => {
      const client = await stage.client();
      await client.send(
        requestText("/", { method: "PUT", fields: ["Expect: 100-continue", "Content-Length: 4"] }),
      );
      const interim = await client.wire.headSection();
      expect(interim).toMatch(/^HTTP\/1\.1 100 /);
      await client.send("body");
      expect((await client.response()).text).toBe("origin");
      const exchange = await stage.origin.request();
      expect((await exchange.body()).toString()).toBe("body");
    },
  },
  {
    title: "expectation nobody knows is answered with 417",
    run: async (stage) => {
      const response = await stage.request("/", {
        method: "PUT",
        fields: ["Expect: the-unexpected"],
        body: "x",
      });
      expect(response.status).toBe(417);
    },
  },
];

conformance("early answers", {
  config: ([origin]) => ({
    upstreams: { main: origin },
    routes: [{ match: { host: "fixed.test" }, respond: { body: "fixed" } }, { upstream: "main" }],
  }),
  cases: [...early, ...unfinished],
});
