/** Trailers pass to clients that can read them, and never become header fields (RFC 9110 §6.5). */
import { expect } from "vitest";
import { type Case, conformance, oneUpstream, requestText } from "../support/suite.ts";

const SEEN_AT = ["whatwg/fetch#981", "denoland/deno#23632"];
const TE = "TE: trailers";

const ending = (...trailers: readonly string[]): string =>
  [
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Head: 1\r\n\r\n2\r\nok\r\n0\r\n",
    ...trailers.map((line) => `${line}\r\n`),
    "\r\n",
  ].join("");

const cases: Case[] = [
  {
    title: "trailers of a response reach a client that is sent chunks, in their order and spelling",
    seenAt: SEEN_AT,
    run: async (stage) => {
      stage.origin.script((x) => x.send(ending("grpc-status: 0", "X-Sum: 9", "Server-Timing: a;dur=1")));
      const { text, trailers, fields } = await stage.request("/", { fields: [TE] });
      expect(text).toBe("ok");
      expect(trailers?.list).toEqual([
        ["grpc-status", "0"],
        ["X-Sum", "9"],
        ["Server-Timing", "a;dur=1"],
      ]);
      expect([fields.get("x-head"), fields.get("x-sum")]).toEqual(["1", undefined]);
    },
  },
  {
    title: "connection goes on behind trailers",
    seenAt: SEEN_AT,
    run: async (stage) => {
      stage.origin.script((x) => x.send(ending(`X-Of: ${x.head.target}`)));
      const client = await stage.client();
      await client.send(["/1", "/2"].map((target) => requestText(target, { fields: [TE] })).join(""));
      for (const target of ["/1", "/2"]) {
        const { text, trailers } = await client.response();
        expect([text, trailers?.get("x-of")]).toEqual(["ok", target]);
      }
    },
  },
  {
    title: "fields of framing, routing and the connection are dropped from trailers",
    seenAt: SEEN_AT,
    run: async (stage) => {
      stage.origin.script((x) =>
        x.send(
          ending(
            "Content-Length: 99",
            "Transfer-Encoding: chunked",
            "Connection: close",
            "Keep-Alive: timeout=1",
            "Trailer: X-A",
            "Host: evil.test",
            "X-Kept: 1",
          ),
        ),
      );
      const client = await stage.client();
      for (let i = 0; i < 2; i++) {
        await client.send(requestText("/", { fields: [TE] }));
        const { trailers, text } = await client.response();
        expect([text, trailers?.list]).toEqual(["ok", [["X-Kept", "1"]]]);
      }
    },
  },
  {
    title: "HTTP/1.0 client gets no trailers",
    run: async (stage) => {
      stage.origin.script((x) => x.send(ending("X-Sum: 9")));
      const { text, trailers } = await stage.request("/", { version: "1.0", fields: [TE] });
      expect([text, trailers]).toEqual(["ok", undefined]);
    },
  },
  {
    title: "content whose trailers are cut is never completed",
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await x.send(ending("X-Sum: 9").slice(0, -4));
        x.wire.finish();
        await x.wire.ended();
      });
      await expect(stage.request("/", { fields: [TE] })).rejects.toThrow(/ended the connection/);
    },
  },
  {
    title: "trailers of a request never become header fields",
    seenAt: SEEN_AT,
    run: async (stage) => {
      const client = await stage.client();
      const fields = ["Transfer-Encoding: chunked"];
      const smuggled = ["X-Sum: 9", "Content-Length: 5", "Host: evil.test", "X-Forwarded-For: 6.6.6.6"];
      await client.send(
        `${requestText("/", { method: "POST", fields })}2\r\nok\r\n0\r\n${smuggled.join("\r\n")}\r\n\r\n${requestText("/next")}`,
      );
      expect([(await client.response()).status, (await client.response()).status]).toEqual([200, 200]);
      const { head, body } = await stage.origin
        .request()
        .then(async (x) => ({ head: x.head, body: await x.body() }));
      expect(body.toString()).toBe("ok");
      expect([head.fields.get("x-sum"), head.fields.get("content-length")]).toEqual([undefined, undefined]);
      expect(head.fields.get("x-forwarded-for")).toBe("127.0.0.1");
      expect(stage.origin.seen).toEqual(["POST /", "GET /next"]);
    },
  },
];

conformance("trailers", { config: oneUpstream(), cases });
