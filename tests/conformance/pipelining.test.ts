/** Requests that a client sends ahead are answered one by one, in their order (RFC 9112 §9.3.2). */
import { expect } from "vitest";
import { Gate } from "../support/bound.ts";
import { type Case, conformance, oneUpstream, requestText } from "../support/suite.ts";

const MANY = 1_000;
const CHUNKED = "Transfer-Encoding: chunked";
const targets = (count: number): string[] => Array.from({ length: count }, (_, i) => `/${i}`);

const cases: Case[] = [
  {
    title: "a thousand pipelined requests are answered in their order",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(200, {}, x.head.target));
      const client = await stage.client();
      void client.send(
        targets(MANY)
          .map((target) => requestText(target))
          .join(""),
      );
      const texts: string[] = [];
      while (texts.length < MANY) texts.push((await client.response()).text);
      expect(texts).toEqual(targets(MANY));
    },
  },
  {
    title: "pipelined requests behind a slow answer wait for it",
    run: async (stage) => {
      const slow = new Gate();
      stage.origin.script(async (x) => {
        if (x.head.target === "/0") await slow.opened;
        await x.respond(200, {}, x.head.target);
      });
      const client = await stage.client();
      await client.send(
        targets(3)
          .map((target) => requestText(target))
          .join(""),
      );
      await stage.origin.request();
      // A whole other exchange later nothing has overtaken it.
      expect((await stage.request("/other")).text).toBe("/other");
      expect(client.wire.received).toBe(0);
      slow.open();
      for (const target of targets(3)) expect((await client.response()).text).toBe(target);
    },
  },
  {
    title: "pipelined requests with content of either framing keep their contents apart",
    run: async (stage) => {
      stage.origin.script(async (x) => x.respond(200, {}, `${x.head.target} ${(await x.body()).toString()}`));
      const client = await stage.client();
      await client.send(
        [
          requestText("/sized", { method: "POST", body: "one" }),
          `${requestText("/chunked", { method: "POST", fields: [CHUNKED] })}3\r\ntwo\r\n4\r\n two\r\n0\r\n\r\n`,
          requestText("/none"),
          requestText("/large", { method: "PUT", body: "x".repeat(100_000) }),
          requestText("/last"),
        ].join(""),
      );
      const texts: string[] = [];
      for (let i = 0; i < 5; i++) texts.push((await client.response()).text);
      expect(texts).toEqual([
        "/sized one",
        "/chunked two two",
        "/none ",
        `/large ${"x".repeat(100_000)}`,
        "/last ",
      ]);
    },
  },
  {
    title: "pipelined requests that arrive byte by byte are answered in their order",
    run: async (stage) => {
      stage.origin.script(async (x) => x.respond(200, {}, `${x.head.target} ${(await x.body()).toString()}`));
      const client = await stage.client();
      const chunked = requestText("/1", { method: "POST", fields: [CHUNKED] });
      await client.sendBytewise(
        `${requestText("/0")}${chunked}2;a=b\r\nok\r\n0\r\n\r\n${requestText("/2", { method: "POST", body: "end" })}`,
      );
      for (const text of ["/0 ", "/1 ok", "/2 end"]) expect((await client.response()).text).toBe(text);
    },
  },
  {
    title: "malformed request behind good ones is refused once they are answered",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(200, {}, x.head.target));
      const client = await stage.client();
      await client.send(`${requestText("/0")}${requestText("/1")}GET /bad HTTP/1.1\r\nHost : a.test\r\n\r\n`);
      expect([(await client.response()).text, (await client.response()).text]).toEqual(["/0", "/1"]);
      expect((await client.response()).status).toBe(400);
      await client.closed();
      expect(stage.origin.seen).toEqual(["GET /0", "GET /1"]);
    },
  },
  {
    title: "pipelined requests after one that is refused for its size are not answered with others' answers",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(200, {}, x.head.target));
      const client = await stage.client();
      await client.send(
        requestText("/0") +
          requestText("/large", { host: "small.test", method: "POST", body: "x".repeat(50) }) +
          requestText("/2"),
      );
      expect((await client.response()).text).toBe("/0");
      expect((await client.response()).status).toBe(413);
      const last = await client.response().then(
        ({ text }) => text,
        () => "closed",
      );
      expect(["/2", "closed"]).toContain(last);
    },
  },
  {
    title: "answers of clients that pipeline at the same time never cross",
    seenAt: ["oven-sh/bun#37530"],
    run: async (stage) => {
      stage.origin.script((x) =>
        x.respond(200, {}, `${x.head.target}:${"x".repeat(Number(x.head.target.slice(-2)) * 97)}`),
      );
      const asked = Array.from({ length: 20 }, (_, c) =>
        Array.from({ length: 40 }, (_each, r) => `/client${c}/${String(r).padStart(2, "0")}`),
      );
      await Promise.all(
        asked.map(async (mine) => {
          const client = await stage.client();
          await client.send(mine.map((target) => requestText(target)).join(""));
          for (const target of mine) expect((await client.response()).text.split(":")[0]).toBe(target);
        }),
      );
    },
  },
  {
    title: "client that resets behind pipelined requests ends the upstream connection",
    seenAt: ["unjs/httpxy#85"],
    run: async (stage) => {
      stage.origin.script((x) => x.wire.ended().then(() => {}));
      const { client, exchange } = await stage.begun(
        targets(20)
          .map((target) => requestText(target))
          .join(""),
      );
      client.reset();
      await exchange.wire.ended();
      stage.origin.reset();
      expect((await stage.request("/after")).text).toBe("origin");
      expect(stage.origin.seen).toEqual(["GET /after"]);
    },
  },
];

conformance("pipelining", {
  config: oneUpstream({
    routes: [{ match: { host: "small.test" }, upstream: "main", bodyBytes: 10 }, { upstream: "main" }],
  }),
  cases,
});
