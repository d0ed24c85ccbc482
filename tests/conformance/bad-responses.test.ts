/** What a broken origin sends never reaches a client as if it were whole, and never as two messages. */
import { expect } from "vitest";
import { type Case, conformance } from "../support/suite.ts";

const answers502 = (what: string, bytes: string): Case => ({
  title: `response with ${what} is answered with 502`,
  run: async (stage) => {
    stage.origin.script(async (x) => {
      await x.send(bytes);
      x.wire.finish();
    });
    const response = await stage.request("/");
    expect(response.status).toBe(502);
    expect(response.text).not.toContain("leaked");
    stage.origin.reset();
    expect((await stage.request("/")).text).toBe("origin");
  },
});

/** The head is out already, so all that is left is to cut. */
const cuts = (what: string, body: string): Case => ({
  title: `response with ${what} is cut, never completed`,
  seenAt: ["fastify/fastify-http-proxy#460"],
  run: async (stage) => {
    stage.origin.script(async (x) => {
      await x.send(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n${body}`);
      x.wire.finish();
    });
    const outcome = await stage.request("/").then(
      (r) => r.status,
      () => "cut",
    );
    // A proxy that had not sent the head yet may still say so.
    expect(["cut", 502]).toContain(outcome);
    stage.origin.reset();
    expect((await stage.request("/")).text).toBe("origin");
  },
});

const cases: Case[] = [
  answers502("no status line", "leaked garbage\r\n\r\n"),
  answers502("nothing in it at all", ""),
  answers502("a status out of range", "HTTP/1.1 999999 leaked\r\nContent-Length: 0\r\n\r\n"),
  answers502("a malformed header name", "HTTP/1.1 200 OK\r\nX A: leaked\r\nContent-Length: 0\r\n\r\n"),
  answers502("two different lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!"),
  answers502("a malformed length", "HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok"),
  answers502(
    "a transfer coding nobody asked for",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n6\r\nleaked\r\n0\r\n\r\n",
  ),
  answers502("a header section without end", `HTTP/1.1 200 OK\r\n${"X-Long: leaked\r\n".repeat(20_000)}`),
  cuts("a malformed chunk size", "zz\r\nhello\r\n0\r\n\r\n"),
  cuts("a chunk longer than its size", "2\r\nhello\r\n0\r\n\r\n"),
  cuts("no last chunk", ""),
  {
    title: "response with both Transfer-Encoding and Content-Length is refused or framed by its chunks alone",
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await x.send(
          "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        );
      });
      const response = await stage.request("/");
      expect(response.status === 502 || response.text === "hello").toBe(true);
    },
  },
  {
    title: "bytes after a response never become another client's response",
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await x.send(
          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison",
        );
      });
      const first = await stage.request("/first").then(
        (r) => r.text,
        () => "cut",
      );
      expect(["ok", "cut"]).toContain(first);
      stage.origin.reset();
      for (let i = 0; i < 3; i++) expect((await stage.request("/next")).text).toBe("origin");
    },
  },
  {
    title: "origin that nobody listens at is answered with 502",
    run: async (stage) => {
      const response = await stage.request("/", { host: "down.test" });
      expect(response.status).toBe(502);
    },
  },
];

const config: Parameters<typeof conformance>[1]["config"] = ([origin]) => ({
  // Port 1 on loopback: nobody listens there.
  upstreams: { main: origin, down: "http://127.0.0.1:1" },
  routes: [{ match: { host: "down.test" }, upstream: "down" }, { upstream: "main" }],
});

conformance("bad responses", { config, cases });
