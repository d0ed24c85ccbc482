/** Clients that are slow to begin, or idle, hold no connection for ever. */
import { expect } from "vitest";
import type { RawClient } from "../support/raw-client.ts";
import { type Case, conformance, oneUpstream, requestText } from "../support/suite.ts";

const passes = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const HALF_A_HEAD = "GET /slow HTTP/1.1\r\nHost: example.test\r\nX-Slow: ";

const served = async (client: RawClient): Promise<void> => {
  await client.send(requestText("/"));
  expect((await client.response()).status).toBe(200);
};

/** The connection ends with a 408 or with nothing, and `/slow` never reached the origin. */
const dropped = async (client: RawClient): Promise<void> => {
  expect((await client.wire.rest()).toString()).toMatch(/^(HTTP\/1\.1 408 |$)/);
};

const header: Case[] = [
  {
    title: "client that sends its header section slowly is dropped",
    run: async (stage) => {
      const client = await stage.client();
      await client.send(HALF_A_HEAD);
      await dropped(client);
      expect(stage.origin.seen).toEqual([]);
    },
  },
  {
    title: "client that sends a later header section slowly is dropped",
    run: async (stage) => {
      const client = await stage.client();
      for (let i = 0; i < 2; i++) await served(client);
      await client.send(HALF_A_HEAD);
      await dropped(client);
      expect(stage.origin.seen).toEqual(["GET /", "GET /"]);
    },
  },
  {
    title: "header section that trickles in is dropped, however steadily",
    run: async (stage) => {
      const client = await stage.client();
      await served(client);
      await client.send(HALF_A_HEAD);
      const trickle = setInterval(() => void client.send("x"), 100);
      await client.closed().finally(() => clearInterval(trickle));
      await dropped(client);
    },
  },
  {
    title: "time of a header section begins with its first byte",
    run: async (stage) => {
      const client = await stage.client();
      for (let i = 0; i < 2; i++) {
        await served(client);
        await passes(1_500);
      }
      await served(client);
    },
  },
  {
    title: "slow request body is not mistaken for a slow header section",
    seenAt: ["traefik/traefik#12668"],
    run: async (stage) => {
      const { client } = await stage.begun(
        `${requestText("/", { method: "POST", fields: ["Content-Length: 2"] })}o`,
      );
      await passes(2_000);
      await client.send("k");
      expect((await client.response()).status).toBe(200);
    },
  },
];

conformance("client header timeout", {
  config: oneUpstream({ listen: { timeouts: { header: "1s" } } }),
  cases: header,
});

const keepAlive: Case[] = [
  {
    title: "idle client connection is closed",
    run: async (stage) => {
      const client = await stage.client();
      await served(client);
      expect(await client.closed()).toBe("fin");
    },
  },
  {
    title: "client connection on which nothing was ever sent is closed",
    run: async (stage) => {
      expect(await (await stage.client()).closed()).toBe("fin");
    },
  },
  {
    title: "client connection that waits for its answer is not idle",
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await passes(2_000);
        await x.respond(200, {}, "late");
      });
      expect((await stage.request("/")).text).toBe("late");
    },
  },
];

conformance("client keep-alive timeout", {
  config: oneUpstream({ listen: { timeouts: { header: "1s", keepAlive: "1s" } } }),
  cases: keepAlive,
});

conformance("client timeouts of 0", {
  config: ([origin]) => ({
    listen: { timeouts: { header: 0, keepAlive: 0 } },
    upstreams: { main: { endpoints: origin, timeouts: { connect: 0 } } },
    routes: [{ upstream: "main" }],
  }),
  cases: [
    {
      title: "client timeouts of 0 end nothing",
      run: async (stage) => {
        const client = await stage.client();
        await passes(700);
        await served(client);
        await passes(700);
        const [first, second] = [requestText("/").slice(0, 20), requestText("/").slice(20)];
        await client.send(first);
        await passes(700);
        await client.send(second);
        expect((await client.response()).status).toBe(200);
      },
    },
  ],
});
