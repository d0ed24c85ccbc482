/** Which connections live on (RFC 9112 §9.3), on either side; what an idle one says is nobody's answer. */
import { expect } from "vitest";
import type { OriginExchange } from "../support/raw-origin.ts";
import { type Case, conformance, oneUpstream, requestText, type Stage } from "../support/suite.ts";

const POOLED = ["oven-sh/bun#37530", "oven-sh/bun#35545"];

const client: Case[] = [
  {
    title: "client connection lives on after answers of every framing",
    run: async (stage) => {
      const answers = [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
      ];
      stage.origin.script((x) => x.send(answers[Number(x.head.target.slice(1))] ?? ""));
      const connection = await stage.client();
      const seen: unknown[] = [];
      for (let i = 0; i < answers.length; i++) {
        await connection.send(requestText(`/${i}`));
        const { status, text, fields } = await connection.response();
        seen.push([status, text, fields.get("connection")?.toLowerCase() === "close"]);
      }
      expect(seen).toEqual([
        [200, "ok", false],
        [200, "ok", false],
        [204, "", false],
        [304, "", false],
      ]);
    },
  },
  ...["close", "Close", "X-A, close", "keep-alive, close", ",close,"].map((value): Case => ({
    title: `client connection is closed after a request with Connection: ${value}`,
    run: async (stage) => {
      const connection = await stage.client();
      await connection.send(requestText("/", { fields: [`Connection: ${value}`] }));
      const { fields, text } = await connection.response();
      expect([fields.get("connection")?.toLowerCase(), text]).toEqual(["close", "origin"]);
      expect(await connection.closed()).toBe("fin");
    },
  })),
  {
    title: "client connection outlives an upstream connection that closes",
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await x.respond(200, { Connection: "close" }, "once");
        x.wire.finish();
      });
      const connection = await stage.client();
      for (let i = 0; i < 3; i++) {
        await connection.send(requestText("/"));
        const { fields, text } = await connection.response();
        expect([fields.get("connection")?.toLowerCase() === "close", text]).toEqual([false, "once"]);
      }
    },
  },
  {
    title: "client's wish to close is not the upstream's",
    run: async (stage) => {
      for (let i = 0; i < 3; i++) {
        expect((await stage.request("/", { fields: ["Connection: close"] })).status).toBe(200);
        expect((await stage.origin.request(i)).header("connection") ?? "keep-alive").toBe("keep-alive");
      }
      expect(new Set(stage.origin.exchanges.map(({ connection }) => connection)).size).toBe(1);
    },
  },
];

/** Answers with `text` and leaves the connection open: it is the proxy's to close. */
const neverPooled = (what: string, text: string): Case => ({
  title: `upstream connection is closed after a response with ${what}`,
  seenAt: POOLED,
  run: async (stage) => {
    stage.origin.script((x) => x.send(text));
    for (let i = 0; i < 3; i++) {
      expect((await stage.request(`/${i}`)).text).toBe("ok");
      await (await stage.origin.request(i)).wire.ended();
    }
    expect(new Set(stage.origin.exchanges.map(({ connection }) => connection)).size).toBe(3);
  },
});

const upstream: Case[] = [
  neverPooled("Connection: close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"),
  neverPooled(
    "Connection: Close",
    "HTTP/1.1 200 OK\r\nConnection: X-A, Close\r\nContent-Length: 2\r\n\r\nok",
  ),
  neverPooled(
    "Connection: close and chunks",
    "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
  ),
  neverPooled("version 1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"),
  {
    title: "response of version 1.0 that ends with its connection is passed on whole",
    seenAt: POOLED,
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await x.send("HTTP/1.0 200 OK\r\n\r\nuntil the end");
        x.wire.finish();
      });
      const connection = await stage.client();
      for (let i = 0; i < 2; i++) {
        await connection.send(requestText("/"));
        expect((await connection.response()).text).toBe("until the end");
      }
    },
  },
  {
    title: "upstream connection lives on after responses without content",
    run: async (stage) => {
      const head = "Content-Length: 5\r\n\r\n";
      const answers: Readonly<Record<string, string>> = {
        HEAD: `HTTP/1.1 200 OK\r\n${head}`,
        GET: `HTTP/1.1 304 Not Modified\r\n${head}`,
        DELETE: "HTTP/1.1 204 No Content\r\n\r\n",
      };
      stage.origin.script((x) => x.send(answers[x.head.method] ?? ""));
      for (const method of ["HEAD", "GET", "DELETE", "HEAD"]) await stage.request("/", { method });
      expect(new Set(stage.origin.exchanges.map(({ connection }) => connection)).size).toBe(1);
    },
  },
];

/** After a first exchange the idle connection says `text`; the proxy drops it, and the next request gets its own answer. */
const unsolicited = (what: string, text: string): Case => ({
  title: `${what} on an idle upstream connection is nobody's answer`,
  seenAt: POOLED,
  run: async (stage: Stage) => {
    const drop = async (x: OriginExchange): Promise<void> => {
      await x.send(text);
      await x.wire.ended();
    };
    expect((await stage.request("/first")).text).toBe("origin");
    await drop(await stage.origin.request());
    const { status, text: body } = await stage.request("/second");
    expect([status, body]).toEqual([200, "origin"]);
    const [first, second] = stage.origin.exchanges;
    expect(second?.connection).not.toBe(first?.connection);
  },
});

const POISON = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison";

const idle: Case[] = [
  unsolicited("a whole response", POISON),
  unsolicited("half a response", POISON.slice(0, 20)),
  unsolicited("a 408", "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
  unsolicited("a single byte", "x"),
];

conformance("persistence", { config: oneUpstream(), cases: [...client, ...upstream, ...idle] });
