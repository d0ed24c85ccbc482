/** Connections that switch protocols, byte by byte. */
import { expect } from "vitest";
import { type Case, type Stage, conformance, requestText } from "../support/suite.ts";
import type { RawClient } from "../support/raw-client.ts";
import type { OriginExchange } from "../support/raw-origin.ts";

const OFFER = ["Connection: Upgrade", "Upgrade: example/1"];
const SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: example/1\r\n";
const request = (fields: readonly string[] = OFFER): string => requestText("/", { fields });

/** A request to switch, which the case answers as it likes. */
const asked = (
  stage: Stage,
  text: string = request(),
): Promise<{ client: RawClient; exchange: OriginExchange }> => {
  stage.origin.script(async (x) => void (await x.wire.ended(60_000)));
  return stage.begun(text);
};

/** Both ends of an open tunnel. */
const opened = async (
  stage: Stage,
  more: string = "",
): Promise<{ client: RawClient; exchange: OriginExchange }> => {
  const { client, exchange } = await asked(stage);
  await exchange.send(`${SWITCHED}X-Kept: 1\r\n\r\n${more}`);
  const head = await client.head();
  expect([head.status, head.fields.get("upgrade"), head.fields.get("connection")]).toEqual([
    101,
    "example/1",
    "Upgrade",
  ]);
  expect([head.fields.get("x-kept"), head.fields.get("content-length")]).toEqual(["1", undefined]);
  return { client, exchange };
};

/** Most resident memory that a tunnel may add while one side does not read, with what the process takes for its first bytes. */
const MOST_HELD = 32 * 1024 * 1024;

const text = async (peer: RawClient | OriginExchange, bytes: number): Promise<string> =>
  (await peer.wire.bytes(bytes)).toString("latin1");

const cases: Case[] = [
  {
    title: "bytes pass both ways once the origin has switched",
    run: async (stage) => {
      const { client, exchange } = await opened(stage);
      expect([exchange.header("connection"), exchange.header("upgrade")]).toEqual(["Upgrade", "example/1"]);
      await client.send("ping");
      expect(await text(exchange, 4)).toBe("ping");
      await exchange.send("pong\0\xff");
      expect(await text(client, 6)).toBe("pong\0\xff");
    },
  },
  {
    title: "bytes right behind the request reach the origin after it has switched",
    run: async (stage) => {
      const { client, exchange } = await asked(stage, `${request()}early`);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(exchange.wire.unread).toBe(0);
      await exchange.send(`${SWITCHED}\r\n`);
      expect(await text(exchange, 5)).toBe("early");
      expect((await client.head()).status).toBe(101);
    },
  },
  {
    title: "bytes right behind the 101 reach the client",
    run: async (stage) => {
      const { client } = await opened(stage, "hello");
      expect(await text(client, 5)).toBe("hello");
    },
  },
  {
    title: "client that ends its side still gets what the origin sends",
    run: async (stage) => {
      const { client, exchange } = await opened(stage);
      await client.send("last");
      client.finish();
      expect(await text(exchange, 4)).toBe("last");
      expect(await exchange.wire.ended()).toBe("fin");
      await exchange.send("answer");
      exchange.wire.finish();
      expect(await text(client, 6)).toBe("answer");
      expect(await client.closed()).toBe("fin");
    },
  },
  {
    title: "origin that ends its side still gets what the client sends",
    run: async (stage) => {
      const { client, exchange } = await opened(stage);
      await exchange.send("bye");
      exchange.wire.finish();
      expect(await text(client, 3)).toBe("bye");
      expect(await client.closed()).toBe("fin");
      await client.send("more");
      expect(await text(exchange, 4)).toBe("more");
      client.finish();
      expect(await exchange.wire.ended()).toBe("fin");
    },
  },
  {
    title: "client that resets has the origin's connection reset",
    seenAt: ["http-party/node-http-proxy#1468"],
    run: async (stage) => {
      const { client, exchange } = await opened(stage);
      client.reset();
      expect(await exchange.wire.ended()).toBe("reset");
    },
  },
  {
    title: "origin that resets has the client's connection reset",
    seenAt: ["http-party/node-http-proxy#1468"],
    run: async (stage) => {
      const { client, exchange } = await opened(stage);
      exchange.wire.reset();
      expect(await client.closed()).toBe("reset");
    },
  },
  {
    title: "origin that refuses is answered for, and the connection goes on",
    run: async (stage) => {
      stage.origin.script((x) =>
        x.respond(x.head.target === "/" ? 403 : 200, { upgrade: "example/1" }, "no"),
      );
      const { client } = await stage.begun(request());
      const response = await client.response();
      expect([response.status, response.text, response.fields.get("upgrade")]).toEqual([
        403,
        "no",
        undefined,
      ]);
      await client.send(requestText("/next"));
      expect((await client.response()).status).toBe(200);
    },
  },
  ...[
    ["another protocol", "Connection: Upgrade\r\nUpgrade: example/2\r\n"],
    ["no protocol", "Connection: Upgrade\r\n"],
    ["no connection option", "Upgrade: example/1\r\n"],
    ["several protocols", "Connection: Upgrade\r\nUpgrade: example/1, example/2\r\n"],
  ].map(([what = "", fields = ""]): Case => ({
    title: `101 with ${what} is answered 502`,
    seenAt: ["CVE-2026-2833"],
    run: async (stage) => {
      const { client, exchange } = await asked(stage);
      await exchange.send(`HTTP/1.1 101 Switching Protocols\r\n${fields}\r\nhidden`);
      const response = await client.response();
      expect(response.status).toBe(502);
      expect(response.text).not.toContain("hidden");
      await exchange.wire.ended();
    },
  })),
  {
    title: "protocol that the route does not allow is not offered to the origin",
    run: async (stage) => {
      const { client, exchange } = await stage.begun(request(["Connection: Upgrade", "Upgrade: other"]));
      expect(exchange.header("upgrade")).toBeUndefined();
      expect((await client.response()).text).toBe("origin");
    },
  },
  {
    title: "side that never reads holds the other one up and costs bounded memory",
    run: async (stage) => {
      const { client, exchange } = await opened(stage);
      const before = stage.proxy.child.rss();
      client.wire.hold();
      const chunk = Buffer.alloc(256 * 1024);
      let sent = 0;
      let isHeld = false;
      // The kernel's buffers take some megabytes on each side.
      while (!isHeld && sent < 64 * 1024 * 1024) {
        const passed = exchange.send(chunk).then(() => true);
        isHeld = !(await Promise.race([passed, sleep(1_000).then(() => false)]));
        sent += chunk.length;
      }
      expect(isHeld).toBe(true);
      // What was taken lies in buffers of the kernel, not in the process.
      expect(stage.proxy.child.rss() - before).toBeLessThan(MOST_HELD);
      client.wire.release();
      await client.wire.bytes(sent);
    },
  },
  {
    title: "content in pieces of one byte arrives as it was sent",
    run: async (stage) => {
      const { client, exchange } = await opened(stage);
      const bytes = Buffer.alloc(64 * 1024, "0123456789abcdef");
      const arrived = exchange.wire.bytes(bytes.length);
      for (const byte of bytes) client.wire.socket.write(Uint8Array.of(byte));
      expect((await arrived).equals(bytes)).toBe(true);
    },
  },
  {
    title: "tunnel without a byte for the idle time is closed on both sides",
    run: async (stage) => {
      const { client, exchange } = await asked(stage, requestText("/idle", { fields: OFFER }));
      await exchange.send(`${SWITCHED}\r\n`);
      expect((await client.head()).status).toBe(101);
      for (let i = 0; i < 4; i++) {
        await sleep(200);
        await exchange.send("x");
        expect(await text(client, 1)).toBe("x");
      }
      await Promise.all([client.closed(), exchange.wire.ended()]);
    },
  },
  {
    title: "open tunnels are successes of a half-open breaker, which lets others in again",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(503));
      for (let i = 0; i < 2; i++) expect((await stage.request("/guarded")).status).toBe(503);
      expect((await stage.request("/guarded")).status).toBe(503);
      expect(stage.origin.exchanges).toHaveLength(2);
      await sleep(OPEN_MS * 2);
      for (let i = 0; i < 3; i++) {
        const { client, exchange } = await asked(stage, requestText("/guarded", { fields: OFFER }));
        await exchange.send(`${SWITCHED}\r\n`);
        expect((await client.head()).status).toBe(101);
      }
      stage.origin.script((x) => x.respond(200));
      for (let i = 0; i < 4; i++) expect((await stage.request("/guarded")).status).toBe(200);
    },
  },
  {
    title: "cookies of a 101 are those of the client's place",
    run: async (stage) => {
      const { client, exchange } = await asked(stage, requestText("/app/x", { fields: OFFER }));
      await exchange.send(`${SWITCHED}Set-Cookie: a=1; Path=/x\r\n\r\n`);
      expect((await client.head()).fields.get("set-cookie")).toBe("a=1; Path=/app/x");
    },
  },
];

/** How long the breaker stays open, without its random part. */
const OPEN_MS = 300;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

conformance("tunnels", {
  config: ([origin]) => ({
    upstreams: {
      main: origin,
      guarded: { endpoints: [origin], breaker: { failures: 2, open: `${OPEN_MS}ms` } },
    },
    routes: [
      {
        match: { path: "/idle" },
        upstream: "main",
        upgrade: ["example/1"],
        timeouts: { tunnelIdle: "600ms" },
      },
      { match: { path: "/guarded" }, upstream: "guarded", upgrade: ["example/1"] },
      {
        match: { path: "/app/*" },
        upstream: "main",
        rewrite: { stripPrefix: true },
        upgrade: ["example/1"],
      },
      { upstream: "main", upgrade: ["websocket", "example/1"] },
    ],
  }),
  cases,
});
