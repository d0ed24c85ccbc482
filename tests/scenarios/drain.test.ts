/** A graceful stop under load cuts nothing that fits its deadline. */
import { expect } from "vitest";
import { type Case, conformance, type RequestParts, requestText, type Stage } from "../support/suite.ts";
import { RawClient } from "../support/raw-client.ts";

interface Tally {
  complete: number;
  /** Connections that were told to close by the response itself. */
  told: number;
}

/** Asks again and again on one connection until told that it closes. */
const askUntilTold = async (stage: Stage, tally: Tally): Promise<void> => {
  const client = await stage.client();
  for (;;) {
    await client.send(requestText("/load"));
    const response = await client.response();
    expect([response.status, response.text]).toEqual([200, "origin"]);
    tally.complete += 1;
    if (response.fields.get("connection")?.toLowerCase() === "close") break;
  }
  tally.told += 1;
};

const ready: RequestParts = { host: "any.test" };

const cases: Case[] = [
  {
    title: "stop under load answers every request that was sent and ends with 0",
    seenAt: ["nodejs/node#60617"],
    run: async (stage) => {
      const tally: Tally = { complete: 0, told: 0 };
      const loops = Array.from({ length: 16 }, () => askUntilTold(stage, tally));
      await stage.origin.request(200);
      stage.proxy.child.signal("SIGTERM");
      await Promise.all(loops);
      expect(tally.told).toBe(16);
      expect(await stage.proxy.child.ended()).toEqual({ code: 0, signal: null });
      expect(stage.origin.exchanges.length).toBe(tally.complete);
    },
  },
  {
    title: "readiness turns 503 at once while connections are still accepted",
    seenAt: ["nodejs/node#60617"],
    run: async (stage) => {
      expect((await stage.request("/ready", ready)).status).toBe(200);
      stage.proxy.child.signal("SIGTERM");
      const answers: number[] = [];
      while (answers.at(-1) !== 503) answers.push((await stage.request("/ready", ready)).status);
      expect(answers.filter((status) => status !== 200 && status !== 503)).toEqual([]);
      const late = await stage.request("/load");
      expect(late.status).toBe(200);
      expect(late.fields.get("connection")?.toLowerCase()).toBe("close");
    },
  },
  {
    title: "response on its way when the stop begins is finished",
    seenAt: ["nodejs/node#60617"],
    run: async (stage) => {
      stage.origin.script((x) => x.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf,"));
      const client = await stage.client();
      await client.send(requestText("/"));
      const response = await client.open();
      await response.pieces.next();
      stage.proxy.child.signal("SIGTERM");
      await refused(stage);
      await (await stage.origin.request()).send("other");
      expect((await response.pieces.next()).value?.toString()).toBe("other");
      expect((await response.pieces.next()).done).toBe(true);
      expect(await stage.proxy.child.ended()).toEqual({ code: 0, signal: null });
    },
  },
  {
    title: "request that outlasts the deadline is cut and the exit code says so",
    run: async (stage) => {
      stage.origin.script((x) => x.wire.ended().then(() => {}));
      const client = await stage.client();
      await client.send(requestText("/forever"));
      const { wire } = await stage.origin.request();
      stage.proxy.child.signal("SIGTERM");
      await stage.proxy.child.printed(/^\{"cut":1\}$/m);
      expect(await stage.proxy.child.ended()).toEqual({ code: 1, signal: null });
      expect(stage.proxy.child.stderr).not.toMatch(/uncaught/i);
      await wire.ended();
    },
  },
  {
    title: "response on its way that outlasts the deadline is cut and the exit code says so",
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await x.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf,");
        await x.wire.ended();
      });
      const client = await stage.client();
      await client.send(requestText("/"));
      const response = await client.open();
      await response.pieces.next();
      stage.proxy.child.signal("SIGTERM");
      await stage.proxy.child.printed(/^\{"cut":1\}$/m);
      expect(await stage.proxy.child.ended()).toEqual({ code: 1, signal: null });
      await expect(response.pieces.next()).rejects.toThrow(/ended the connection/);
    },
  },
  {
    title: "half a header section is no request that a stop could cut",
    run: async (stage) => {
      const client = await stage.client();
      await client.send("GET / HTTP/1.1\r\nHost: a.example\r\nX-");
      await stage.request("/");
      stage.proxy.child.signal("SIGTERM");
      expect(await stage.proxy.child.ended()).toEqual({ code: 0, signal: null });
    },
  },
  {
    title: "answer to a request that was under way when the stop began tells that its connection closes",
    run: async (stage) => {
      stage.origin.script((x) => x.wire.ended().then(() => {}));
      const client = await stage.client();
      await client.send(requestText("/"));
      const exchange = await stage.origin.request();
      stage.proxy.child.signal("SIGTERM");
      await refused(stage);
      await exchange.respond(200, {}, "late");
      const response = await client.response();
      expect([response.text, response.fields.get("connection")?.toLowerCase()]).toEqual(["late", "close"]);
    },
  },
  {
    title: "idle client connections do not hold up the stop",
    run: async (stage) => {
      const clients = [await stage.client(), await stage.client()];
      await clients[0]?.send(requestText("/"));
      await clients[0]?.response();
      stage.proxy.child.signal("SIGTERM");
      expect(await stage.proxy.child.ended(4_000)).toEqual({ code: 0, signal: null });
    },
  },
];

/** Waits until the port no longer accepts. */
const refused = async (stage: Stage): Promise<void> => {
  for (;;) {
    try {
      const client = await RawClient.connect(stage.proxy.port);
      client.close();
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

conformance("drain", {
  endsProxy: true,
  config: ([origin]) => ({
    listen: { readyPath: "/ready", drain: { delay: "600ms", timeout: "3s" } },
    upstreams: { main: origin },
    routes: [{ upstream: "main" }],
  }),
  cases,
});
