/** Interim answers (RFC 9110 §15.2, RFC 8297) reach HTTP/1.1 clients ahead of the final one, and leave no trace in it. */
import { expect } from "vitest";
import { Gate } from "../support/bound.ts";
import type { OriginExchange } from "../support/raw-origin.ts";
import { type Case, conformance, oneUpstream, requestText, type Stage } from "../support/suite.ts";

const SEEN_AT = ["envoyproxy/envoy#35263", "caddyserver/caddy#6041", "caddyserver/caddy#5074"];

const hints = (link: string, ...more: readonly string[]): string =>
  `${["HTTP/1.1 103 Early Hints", `Link: <${link}>; rel=preload`, ...more].join("\r\n")}\r\n\r\n`;

/** Sends `texts`, then the answer. */
const answering =
  (...texts: readonly string[]) =>
  async (x: OriginExchange): Promise<void> => {
    for (const text of texts) await x.send(text);
    await x.body();
    await x.respond(200, { "X-Final": "1" }, "final");
  };

const cases: Case[] = [
  {
    title: "103 reaches the client while the answer is still to come",
    seenAt: SEEN_AT,
    run: async (stage) => {
      const seen = new Gate();
      stage.origin.script(async (x) => {
        await x.send(hints("/a.css"));
        await seen.opened;
        await x.respond(200, {}, "final");
      });
      const client = await stage.client();
      await client.send(requestText("/"));
      const { status, fields } = await client.head();
      expect([status, fields.get("link")]).toEqual([103, "</a.css>; rel=preload"]);
      seen.open();
      expect((await client.response()).text).toBe("final");
    },
  },
  {
    title: "several interim answers reach the client in their order",
    seenAt: SEEN_AT,
    run: async (stage) => {
      stage.origin.script(
        answering("HTTP/1.1 102 Processing\r\n\r\n", hints("/a.css"), hints("/b.js"), hints("/c.woff")),
      );
      const { interim, text } = await stage.request("/");
      expect(interim.map(({ status, fields }) => [status, fields.get("link")])).toEqual([
        [102, undefined],
        [103, "</a.css>; rel=preload"],
        [103, "</b.js>; rel=preload"],
        [103, "</c.woff>; rel=preload"],
      ]);
      expect(text).toBe("final");
    },
  },
  {
    title: "hop-by-hop fields of an interim answer are not forwarded",
    seenAt: SEEN_AT,
    run: async (stage) => {
      stage.origin.script(
        answering(
          hints(
            "/a.css",
            "Connection: X-Hop",
            "X-Hop: 1",
            "Keep-Alive: timeout=5",
            "Proxy-Connection: x",
            "X-End: 2",
          ),
        ),
      );
      const [hint] = (await stage.request("/")).interim;
      const { fields } = hint ?? { fields: undefined };
      expect(fields?.get("link")).toBe("</a.css>; rel=preload");
      expect(fields?.get("x-end")).toBe("2");
      expect(
        fields?.names.filter((name) =>
          ["connection", "x-hop", "keep-alive", "proxy-connection"].includes(name),
        ),
      ).toEqual([]);
    },
  },
  {
    title: "fields of an interim answer don't leak into the final one",
    seenAt: ["caddyserver/caddy#6041", "caddyserver/caddy#5074"],
    run: async (stage) => {
      stage.origin.script(answering(hints("/a.css", "X-Hint: 1", "Cache-Control: no-store")));
      const client = await stage.client();
      for (let i = 0; i < 2; i++) {
        await client.send(requestText("/"));
        const { fields, interim } = await client.response();
        expect(interim.length).toBe(1);
        expect([fields.get("link"), fields.get("x-hint"), fields.get("cache-control")]).toEqual([
          undefined,
          undefined,
          undefined,
        ]);
        expect(fields.get("x-final")).toBe("1");
      }
    },
  },
  {
    title: "interim answer to HEAD precedes its answer",
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await x.send(hints("/a.css"));
        await x.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
      });
      const { status, interim } = await stage.request("/", { method: "HEAD" });
      expect([status, interim.map((one) => one.status)]).toEqual([200, [103]]);
    },
  },
  {
    title: "HTTP/1.0 client gets no interim answer",
    seenAt: SEEN_AT,
    run: async (stage) => {
      stage.origin.script(answering(hints("/a.css")));
      const { status, interim, fields, text } = await stage.request("/", { version: "1.0" });
      expect([status, interim, fields.get("link"), text]).toEqual([200, [], undefined, "final"]);
    },
  },
  {
    title: "interim answers before a failure commit nothing",
    seenAt: ["caddyserver/caddy#5074"],
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await x.send(hints("/a.css"));
        x.wire.reset();
      });
      const { status, fields, interim } = await stage.request("/", { method: "POST", body: "x" });
      expect([status, fields.get("link"), interim.map((one) => one.status)]).toEqual([502, undefined, [103]]);
    },
  },
  {
    title: "interim answer with a malformed field is answered with 502 and not forwarded",
    run: async (stage) => {
      stage.origin.script(answering(hints("/a.css", "X A: 1")));
      const { status, interim } = await stage.request("/", { method: "POST", body: "x" });
      expect([status, interim]).toEqual([502, []]);
    },
  },
  {
    title: "pipelined requests get their own interim answers",
    run: async (stage: Stage) => {
      stage.origin.script(async (x) => {
        await x.send(hints(x.head.target));
        await x.respond(200, {}, x.head.target);
      });
      const client = await stage.client();
      await client.send(["/1", "/2", "/3"].map((target) => requestText(target)).join(""));
      for (const target of ["/1", "/2", "/3"]) {
        const { interim, text } = await client.response();
        expect([interim.map(({ fields }) => fields.get("link")), text]).toEqual([
          [`<${target}>; rel=preload`],
          target,
        ]);
      }
    },
  },
];

conformance("interim answers", { config: oneUpstream(), cases });
