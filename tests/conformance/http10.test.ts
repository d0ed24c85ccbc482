/** HTTP/1.0 clients, such as health probes, are served as their version needs it (RFC 9112 §2.3, §3.2, §6.1, §9.3). */
import { expect } from "vitest";
import { type Case, conformance, type RequestParts, requestText } from "../support/suite.ts";

const PROBES = ["honojs/node-server#160", "zulip/docker-zulip#554"];
const probe: RequestParts = { version: "1.0", host: false };
const chunkedResponse = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";

const host: Case[] = [
  ...["upstream", "preserve"].map((policy): Case => ({
    title: `request without Host is served with the endpoint's authority under host policy "${policy}"`,
    seenAt: PROBES,
    run: async (stage) => {
      expect((await stage.request(`/${policy}`, probe)).status).toBe(200);
      const { fields } = (await stage.origin.request()).head;
      expect(fields.all("host")).toEqual([`127.0.0.1:${stage.origin.port}`]);
      expect(fields.get("x-forwarded-host")).not.toBe("");
    },
  })),
  {
    title: "request with Host is routed by it",
    run: async (stage) => {
      expect((await stage.request("/", { version: "1.0", host: "fixed.test" })).text).toBe("fixed");
    },
  },
  {
    title: "target in absolute form is routed by its authority",
    run: async (stage) => {
      expect((await stage.request("http://fixed.test/", probe)).text).toBe("fixed");
    },
  },
  {
    title: "two Host fields are rejected with 400",
    run: async (stage) => {
      const { status } = await stage.request("/", { version: "1.0", fields: ["Host: other.test"] });
      expect([status, stage.origin.seen]).toEqual([400, []]);
    },
  },
  {
    title: "origin is asked in HTTP/1.1 and told of 1.0 in Via",
    run: async (stage) => {
      await stage.request("/", probe);
      const { section, head } = await stage.origin.request();
      expect(section).toMatch(/^GET \/ HTTP\/1\.1\r\n/);
      // RFC 9110 §7.6.3: the version of the received message.
      expect(head.fields.get("via")).toBe("1.0 fairlead");
    },
  },
];

const persistence: Case[] = [
  {
    title: "connection is closed after the answer by default",
    run: async (stage) => {
      const client = await stage.client();
      await client.send(requestText("/", probe));
      const { fields, text } = await client.response();
      expect([fields.get("connection")?.toLowerCase(), text]).toEqual(["close", "origin"]);
      expect(await client.closed()).toBe("fin");
    },
  },
  {
    title: "connection is kept for a client that asks for it",
    run: async (stage) => {
      const client = await stage.client();
      for (let i = 0; i < 3; i++) {
        await client.send(requestText("/", { ...probe, fields: ["Connection: Keep-Alive"] }));
        const { fields, text } = await client.response();
        expect([fields.get("connection")?.toLowerCase(), text]).toEqual(["keep-alive", "origin"]);
      }
    },
  },
  {
    title: "request that ends a kept connection ends it",
    run: async (stage) => {
      const client = await stage.client();
      await client.send(requestText("/", { ...probe, fields: ["Connection: keep-alive"] }));
      expect((await client.response()).status).toBe(200);
      await client.send(requestText("/", probe));
      expect((await client.response()).status).toBe(200);
      expect(await client.closed()).toBe("fin");
    },
  },
  {
    title: "HEAD keeps a connection that is asked to be kept",
    run: async (stage) => {
      const client = await stage.client();
      for (let i = 0; i < 2; i++) {
        await client.send(requestText("/", { ...probe, method: "HEAD", fields: ["Connection: keep-alive"] }));
        expect((await client.response("HEAD")).fields.get("content-length")).toBe("6");
      }
    },
  },
];

const bodies: Case[] = [
  ...[[], ["Connection: keep-alive"]].map((fields): Case => ({
    title: `answer without a length ends with the connection${fields.length > 0 ? ", even one to be kept" : ""}`,
    run: async (stage) => {
      stage.origin.script((x) => x.send(chunkedResponse));
      const client = await stage.client();
      await client.send(requestText("/", { ...probe, fields }));
      const response = await client.open();
      expect((await response.pieces.next()).value?.toString()).toBe("hello");
      await (await stage.origin.request()).send("0\r\n\r\n");
      expect((await response.pieces.next()).done).toBe(true);
      expect(response.fields.get("transfer-encoding")).toBeUndefined();
      expect(response.fields.get("connection")?.toLowerCase()).not.toBe("keep-alive");
      expect(await client.closed()).toBe("fin");
    },
  })),
  {
    title: "answer without a length that is cut ends with a reset",
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await x.send(chunkedResponse);
        x.wire.finish();
        await x.wire.ended();
      });
      const client = await stage.client();
      await client.send(requestText("/", probe));
      // An orderly end would say that this was all (RFC 9112 §8).
      expect(await client.closed()).toBe("reset");
    },
  },
  {
    title:
      "response that the connection's end ends is followed by no other, though the client asked to keep it",
    run: async (stage) => {
      // With trailers and in one piece: all of it is there before any of it is written.
      stage.origin.script((x) => x.send(`${chunkedResponse}0\r\nX-Check: 1\r\n\r\n`));
      const client = await stage.client();
      await client.send(requestText("/", { ...probe, fields: ["Connection: keep-alive"] }).repeat(2));
      const { fields, text } = await client.response();
      expect([fields.get("connection"), text]).toEqual(["close", "hello"]);
      expect(await client.closed()).toBe("fin");
    },
  },
  {
    title: "sized content is forwarded",
    run: async (stage) => {
      await stage.request("/", { ...probe, method: "POST", body: "content" });
      expect((await (await stage.origin.request()).body()).toString()).toBe("content");
    },
  },
  {
    title: "chunked content is rejected with 400 and the connection closed",
    run: async (stage) => {
      const client = await stage.client();
      const fields = ["Transfer-Encoding: chunked", "Connection: keep-alive"];
      await client.send(`${requestText("/", { ...probe, method: "POST", fields })}0\r\n\r\n`);
      expect((await client.response("POST")).status).toBe(400);
      await client.closed();
      expect(stage.origin.seen).toEqual([]);
    },
  },
];

conformance("HTTP/1.0 clients", {
  config: ([origin]) => ({
    upstreams: { main: origin, preserving: { endpoints: origin, host: "preserve" } },
    routes: [
      { match: { host: "fixed.test" }, respond: { body: "fixed" } },
      { match: { path: "/preserve" }, upstream: "preserving" },
      { upstream: "main" },
    ],
  }),
  cases: [...host, ...persistence, ...bodies],
});
