/** What fails once the head is out can't be answered any more: the client sees a cut message, the operator a line. */
import { expect } from "vitest";
import { lineAbout } from "../support/log-lines.ts";
import type { OriginExchange } from "../support/raw-origin.ts";
import { type Case, conformance, requestText } from "../support/suite.ts";

const SEEN_AT = ["fastify/fastify-http-proxy#460"];
const SIZED = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart";
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n";
const UNTIL_CLOSE = "HTTP/1.1 200 OK\r\n\r\npart";

const ends =
  (how: "finish" | "reset") =>
  async (x: OriginExchange): Promise<void> => {
    x.wire[how]();
    await x.wire.ended();
  };

interface Failure {
  readonly what: string;
  readonly head: string;
  readonly next: (x: OriginExchange) => Promise<unknown>;
  readonly code: string;
  readonly says?: RegExp;
}

const FAILURES: readonly Failure[] = [
  { what: "sized response whose origin closes", head: SIZED, next: ends("finish"), code: "upstream-reset" },
  { what: "sized response whose origin resets", head: SIZED, next: ends("reset"), code: "upstream-reset" },
  {
    what: "chunked response whose origin closes",
    head: CHUNKED,
    next: ends("finish"),
    code: "upstream-reset",
  },
  {
    what: "chunked response whose origin resets",
    head: CHUNKED,
    next: ends("reset"),
    code: "upstream-reset",
  },
  {
    what: "unframed response whose origin resets",
    head: UNTIL_CLOSE,
    next: ends("reset"),
    code: "upstream-reset",
  },
  {
    what: "chunked response that turns malformed",
    head: CHUNKED,
    next: (x) => x.send("zz\r\nmore\r\n0\r\n\r\n"),
    code: "bad-upstream-response",
  },
  {
    what: "response that stalls",
    head: SIZED,
    next: (x) => x.wire.ended(),
    code: "attempt-timeout",
    says: /idle/,
  },
  {
    what: "response that outlasts the total time",
    head: CHUNKED,
    next: (x) => x.wire.ended(),
    code: "deadline-exceeded",
    says: /total/,
  },
];

const reported: Case[] = FAILURES.map(({ what, head, next, code, says = /./ }, index) => ({
  title: `${what} is cut for the client, and the log says so`,
  seenAt: SEEN_AT,
  run: async (stage) => {
    const path = `/${code === "deadline-exceeded" ? "total" : "failing"}/${index}`;
    stage.origin.script((x) => x.send(head));
    const { client, exchange } = await stage.begun(requestText(path));
    const response = await client.open();
    expect((await response.pieces.next()).value?.toString()).toBe("part");
    void next(exchange);
    // However it ends, it is never complete.
    const rest = async (): Promise<void> => {
      while ((await response.pieces.next()).done !== true);
    };
    await expect(rest()).rejects.toThrow(/ended the connection/);
    const line = await lineAbout(stage, code, path);
    expect(line).toMatch(says);
    for (const part of ["main", response.fields.get("x-request-id") ?? "?"]) expect(line).toContain(part);
    await exchange.wire.ended();
  },
}));

const others: Case[] = [
  {
    title: "client that leaves in the middle of a response is no failure of the upstream",
    run: async (stage) => {
      stage.origin.script((x) => x.send(SIZED));
      const { client, exchange } = await stage.begun(requestText("/left"));
      await (await client.open()).pieces.next();
      client.reset();
      await exchange.wire.ended();
      // A later line stands there, and none about the request that was left.
      stage.origin.script((x) => x.wire.reset());
      await stage.request("/later", { method: "POST", body: "x" });
      await lineAbout(stage, "upstream-reset", "/later");
      expect(stage.proxy.child.stderr).not.toContain("/left");
    },
  },
  {
    title: "proxy goes on serving the connections of others",
    seenAt: SEEN_AT,
    run: async (stage) => {
      const other = await stage.client();
      stage.origin.script((x) => x.send(CHUNKED));
      const { client, exchange } = await stage.begun(requestText("/failing/x"));
      await (await client.open()).pieces.next();
      exchange.wire.reset();
      await client.closed();
      stage.origin.script((x) => x.respond(200, {}, "fine"));
      await other.send(requestText("/"));
      expect((await other.response()).text).toBe("fine");
    },
  },
];

conformance("failures after the head", {
  config: ([origin]) => ({
    upstreams: { main: { endpoints: origin, timeouts: { idle: "600ms" } } },
    routes: [
      { match: { path: "/total/*" }, upstream: "main", timeouts: { idle: "10s", total: "600ms" } },
      { upstream: "main" },
    ],
  }),
  cases: [...reported, ...others],
});
