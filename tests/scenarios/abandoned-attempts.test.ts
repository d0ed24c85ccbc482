/** The place of an attempt whose client has left is free again, whatever the attempt was doing: one place is all there is. */
import { expect } from "vitest";
import type { RawClient } from "../support/raw-client.ts";
import { type Case, type Stage, conformance, requestText } from "../support/suite.ts";

const PATIENCE_MS = 8_000;
const chunkedHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const edge = ["CF-Connecting-IP: 127.0.0.1"];

/** Asks until there is room: that a client has left is not known in the same moment. */
const hasRoom = async (stage: Stage, path: string): Promise<void> => {
  for (const origin of stage.origins) origin.script((exchange) => exchange.respond(200, {}, "free"));
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const { status } = await stage.request(path);
    if (status === 200) return;
    expect(status).toBe(503);
    if (performance.now() > end) throw new Error(`no room at ${path} after ${PATIENCE_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

const begun = async (stage: Stage, text: string): Promise<RawClient> => {
  const client = await stage.client();
  await client.send(text);
  await stage.origin.request();
  return client;
};

const hang = async (stage: Stage): Promise<void> => {
  for (const origin of stage.origins) origin.script((exchange) => exchange.wire.ended().then(() => {}));
};

const cases: Case[] = [
  {
    title: "before the response's head",
    run: async (stage) => {
      await hang(stage);
      (await begun(stage, requestText("/one", { fields: edge }))).reset();
      await hasRoom(stage, "/one");
    },
  },
  {
    title: "in the middle of the response",
    run: async (stage) => {
      stage.origin.script(async (exchange) => {
        await exchange.send(`${chunkedHead}5\r\nhello\r\n`);
        await exchange.wire.ended();
      });
      const client = await begun(stage, requestText("/one", { fields: edge }));
      await (await client.open()).pieces.next();
      client.reset();
      await hasRoom(stage, "/one");
    },
  },
  {
    title: "in the middle of the request",
    run: async (stage) => {
      stage.origin.script((exchange) => exchange.body().then(() => {}));
      const fields = [...edge, "Content-Length: 1000000"];
      const client = await stage.client();
      await client.send(requestText("/one", { method: "PUT", fields }) + "x".repeat(400_000));
      await (await stage.origin.request()).bodyReceived(1);
      client.reset();
      await hasRoom(stage, "/one");
    },
  },
  {
    title: "between two attempts",
    run: async (stage) => {
      for (const origin of stage.origins) {
        origin.script((exchange) => exchange.respond(503, { "Retry-After": "1" }));
      }
      const client = await stage.client();
      await client.send(requestText("/two", { fields: edge }));
      await Promise.any(stage.origins.map((origin) => origin.request()));
      client.reset();
      await hasRoom(stage, "/two");
      await hasRoom(stage, "/two");
    },
  },
  {
    title: "while two copies of a request are under way",
    run: async (stage) => {
      await hang(stage);
      const client = await stage.client();
      await client.send(requestText("/hedged", { fields: edge }));
      await Promise.all(stage.origins.map((origin) => origin.request()));
      client.reset();
      await hasRoom(stage, "/hedged");
      await hasRoom(stage, "/hedged");
    },
  },
];

conformance("abandoned attempts", {
  origins: 2,
  config: ([first, second = ""]) => ({
    // Workers hear nothing of clients that leave: there it takes as long as an attempt may.
    upstreams: {
      one: { endpoints: first, concurrency: { perEndpoint: 1 }, timeouts: { firstByte: "1s" } },
      two: {
        endpoints: [first, second],
        concurrency: { perEndpoint: 1 },
        breaker: false,
        timeouts: { firstByte: "1s" },
      },
      hedged: {
        endpoints: [first, second],
        concurrency: { perEndpoint: 1 },
        breaker: false,
        retry: false,
        timeouts: { firstByte: "1s" },
        hedge: { minDelay: "20ms", maxDelay: "20ms", share: 1 },
      },
    },
    routes: ["one", "two", "hedged"].map((name) => ({ match: { path: `/${name}` }, upstream: name })),
  }),
  cases,
});
