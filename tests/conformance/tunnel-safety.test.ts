/** What must not happen around a switch of protocols: requests in disguise, and requests that are made twice. */
import { expect } from "vitest";
import { type Case, type Stage, conformance, requestText } from "../support/suite.ts";

const OFFER = ["Connection: Upgrade", "Upgrade: example/1"];
const SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: example/1\r\n";

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** An origin that reads nothing behind a head. */
const holding = (stage: Stage): void => stage.origin.script(async (x) => void (await x.wire.ended(60_000)));

const disguised: Case[] = [
  ...[
    { kind: "sized", fields: ["Content-Length: 5"], content: "hello" },
    { kind: "chunked", fields: ["Transfer-Encoding: chunked"], content: "5\r\nhello\r\n0\r\n\r\n" },
  ].map(({ kind, fields, content }): Case => ({
    title: `offer to switch on a request with ${kind} content is ignored`,
    run: async (stage) => {
      const { client, exchange } = await stage.begun(
        `${requestText("/", { method: "POST", fields: [...OFFER, ...fields] })}${content}`,
      );
      expect((await client.response()).text).toBe("origin");
      expect([exchange.header("upgrade"), String(await exchange.body())]).toEqual([undefined, "hello"]);
      await client.send(requestText("/next"));
      expect((await client.response()).status).toBe(200);
    },
  })),
  {
    title: "offer to switch in HTTP/1.0 is ignored",
    run: async (stage) => {
      const { client, exchange } = await stage.begun(requestText("/", { version: "1.0", fields: OFFER }));
      expect((await client.response()).text).toBe("origin");
      expect(exchange.header("upgrade")).toBeUndefined();
    },
  },
  {
    title: "offer of several protocols is ignored",
    run: async (stage) => {
      const fields = ["Connection: Upgrade", "Upgrade: example/1, h2c"];
      const { client, exchange } = await stage.begun(requestText("/", { fields }));
      expect((await client.response()).text).toBe("origin");
      expect(exchange.header("upgrade")).toBeUndefined();
    },
  },
  {
    title: "request behind an offer that is refused is a request, with all checks",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(403, {}, "no"));
      const smuggled =
        "GET /smuggled HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
      const { client } = await stage.begun(`${requestText("/", { fields: OFFER })}${smuggled}`);
      expect((await client.response()).status).toBe(403);
      expect((await client.response()).status).toBe(400);
      expect(stage.origin.seen).toEqual(["GET /"]);
    },
  },
  {
    title: "request behind an offer is sent to nobody but the protocol's other end",
    run: async (stage) => {
      holding(stage);
      const second = requestText("/second");
      const { client, exchange } = await stage.begun(`${requestText("/", { fields: OFFER })}${second}`);
      await exchange.send(`${SWITCHED}\r\n`);
      expect((await client.head()).status).toBe(101);
      expect((await exchange.wire.bytes(second.length)).toString()).toBe(second);
      expect(stage.origin.seen).toEqual(["GET /"]);
    },
  },
  ...["Content-Length: 3", "Transfer-Encoding: chunked"].map((field): Case => ({
    title: `"${field}" of a 101 means nothing and goes no further`,
    run: async (stage) => {
      holding(stage);
      const { client, exchange } = await stage.begun(requestText("/", { fields: OFFER }));
      await exchange.send(`${SWITCHED}${field}\r\n\r\nbytes`);
      const { status, fields } = await client.head();
      expect(status).toBe(101);
      expect([fields.get("content-length"), fields.get("transfer-encoding")]).toEqual([undefined, undefined]);
      expect((await client.wire.bytes(5)).toString()).toBe("bytes");
    },
  })),
  {
    title: "101 with contradicting framing fields is answered 502",
    run: async (stage) => {
      holding(stage);
      const { client, exchange } = await stage.begun(requestText("/", { fields: OFFER }));
      await exchange.send(`${SWITCHED}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nbytes`);
      expect((await client.response()).status).toBe(502);
      await exchange.wire.ended();
    },
  },
  {
    title: "what looks like a response in a tunnel is not one",
    run: async (stage) => {
      holding(stage);
      const { client, exchange } = await stage.begun(requestText("/", { fields: OFFER }));
      const bytes = `${SWITCHED}\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`;
      await exchange.send(`${SWITCHED}\r\n${bytes}`);
      expect((await client.head()).status).toBe(101);
      expect((await client.wire.bytes(bytes.length)).toString()).toBe(bytes);
    },
  },
  {
    title: "connection of a tunnel is never used for another request",
    run: async (stage) => {
      holding(stage);
      const { client, exchange } = await stage.begun(requestText("/", { fields: OFFER }));
      await exchange.send(`${SWITCHED}\r\n`);
      expect((await client.head()).status).toBe(101);
      client.finish();
      exchange.wire.finish();
      await client.closed();
      stage.origin.script((x) => x.respond(200, {}, "other"));
      expect((await stage.request("/")).text).toBe("other");
      expect(stage.origin.exchanges[1]?.connection).not.toBe(exchange.connection);
    },
  },
  {
    title: "client that leaves before the 101 leaves no tunnel behind",
    seenAt: ["http-party/node-http-proxy#1468"],
    run: async (stage) => {
      holding(stage);
      const { client, exchange } = await stage.begun(requestText("/", { fields: OFFER }));
      client.reset();
      await exchange.wire.ended();
      expect(await stage.client().then((next) => next.send("").then(() => "up"))).toBe("up");
    },
  },
];

conformance("switches of protocols and smuggling", {
  config: ([origin]) => ({
    upstreams: { main: origin },
    routes: [{ upstream: "main", upgrade: ["example/1"] }],
  }),
  cases: disguised,
});

/** Requests that any of the origins got. */
const seen = (stage: Stage): string[] => stage.origins.flatMap((origin) => origin.seen);

/** All origins do the same; resolves once one of them has the request. */
const asked = async (stage: Stage, script: Parameters<Stage["origin"]["script"]>[0]): Promise<void> => {
  for (const origin of stage.origins) origin.script(script);
  const client = await stage.client();
  await client.send(requestText("/", { fields: OFFER }));
};

const once: Case[] = [
  {
    title: "offer that an origin thinks about is neither hedged nor mirrored",
    seenAt: ["oven-sh/bun#10441"],
    run: async (stage) => {
      await asked(stage, async (x) => void (await x.wire.ended(60_000)));
      await expect.poll(() => seen(stage)).toEqual(["GET /"]);
      await sleep(500);
      expect(seen(stage)).toEqual(["GET /"]);
    },
  },
  {
    title: "offer whose origin resets is not made to another",
    run: async (stage) => {
      for (const origin of stage.origins) origin.script((x) => x.wire.reset());
      expect((await stage.request("/", { fields: OFFER })).status).toBe(502);
      expect(seen(stage)).toEqual(["GET /"]);
    },
  },
  {
    title: "offer that is answered 503 is not made to another",
    run: async (stage) => {
      for (const origin of stage.origins) origin.script((x) => x.respond(503, {}, "busy"));
      expect((await stage.request("/", { fields: OFFER })).text).toBe("busy");
      expect(seen(stage)).toEqual(["GET /"]);
    },
  },
  {
    title: "request without an offer is hedged and mirrored",
    run: async (stage) => {
      for (const origin of stage.origins) {
        origin.script(async (x) => {
          await sleep(300);
          await x.respond(200, {}, "late");
        });
      }
      expect((await stage.request("/")).text).toBe("late");
      expect(seen(stage).length).toBe(3);
    },
  },
];

conformance("switches of protocols, once", {
  origins: 3,
  config: ([first, second = "", third = ""]) => ({
    upstreams: {
      main: {
        endpoints: [first, second],
        hedge: { minDelay: "20ms", maxDelay: "40ms", share: 1 },
        retry: { attempts: 2 },
      },
      shadow: third,
    },
    routes: [{ upstream: "main", upgrade: ["example/1"], mirror: "shadow" }],
  }),
  cases: once,
});
