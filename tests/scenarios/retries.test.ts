/** Which requests are sent a second time, to which endpoint, and how often at most. */
import { connect } from "node:net";
import { expect } from "vitest";
import type { OriginScript } from "../support/raw-origin.ts";
import { type Case, type Stage, conformance, requestText } from "../support/suite.ts";
import { askUntil, resets, unavailable } from "../support/who-answers.ts";

const KEPT = 64 * 1024;

/** Whichever origin is asked first does `first`; what comes later is answered with what came. */
const firstFails = (stage: Stage, first: OriginScript): void => {
  let asked = 0;
  for (const origin of stage.origins) {
    origin.script(async (exchange) => {
      asked += 1;
      if (asked === 1) {
        await first(exchange);
        return;
      }
      const body = await exchange.body();
      await exchange.respond(200, {}, `second ${body.length}`);
    });
  }
};

const askedTimes = (stage: Stage): number =>
  stage.origins.reduce((sum, origin) => sum + origin.exchanges.length, 0);

const put = (bytes: number): { readonly method: string; readonly body: string } => ({
  method: "PUT",
  body: "x".repeat(bytes),
});

const sent: Case[] = [
  {
    title: "GET that met a reset is answered by the other endpoint",
    run: async (stage) => {
      firstFails(stage, resets);
      expect((await stage.request("/")).text).toBe("second 0");
      expect(askedTimes(stage)).toBe(2);
    },
  },
  {
    title: "PUT with as much content as is kept is sent again, whole",
    run: async (stage) => {
      firstFails(stage, resets);
      expect((await stage.request("/", put(KEPT))).text).toBe(`second ${KEPT}`);
    },
  },
  {
    // One that comes whole in a single read is there anyway, whatever its size.
    title: "PUT with more content than is kept is not sent again",
    run: async (stage) => {
      firstFails(stage, resets);
      expect((await stage.request("/", put(16 * KEPT))).status).toBe(502);
      expect(askedTimes(stage)).toBe(1);
    },
  },
  {
    title: "PUT that failed in the middle of its upload is sent again from its beginning",
    run: async (stage) => {
      firstFails(stage, async (exchange) => {
        await exchange.bodyReceived(1_000);
        exchange.wire.reset();
      });
      const client = await stage.client();
      const fields = ["Content-Length: 4000"];
      await client.send(requestText("/", { method: "PUT", fields }) + "x".repeat(1_000));
      for (let tries = 0; askedTimes(stage) < 2; tries++) {
        if (tries === 300) throw new Error("there was no second attempt");
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      await client.send("x".repeat(3_000));
      expect((await client.response()).text).toBe("second 4000");
    },
  },
  {
    title: "POST is never sent again once something of it went out",
    seenAt: ["apache/apisix#11359"],
    run: async (stage) => {
      firstFails(stage, resets);
      expect((await stage.request("/", { method: "POST", body: "order" })).status).toBe(502);
      firstFails(stage, unavailable);
      expect((await stage.request("/", { method: "POST", body: "order" })).status).toBe(503);
      expect(askedTimes(stage)).toBe(2);
    },
  },
  {
    title: "POST that could not be sent goes to the other endpoint",
    run: async (stage) => {
      for (let i = 0; i < 6; i++) {
        expect((await stage.request("/half-dead", { method: "POST", body: "order" })).status).toBe(200);
      }
      expect(askedTimes(stage)).toBe(6);
    },
  },
  {
    title: "POST with an Idempotency-Key is sent again where the config trusts it",
    run: async (stage) => {
      firstFails(stage, unavailable);
      const fields = ["Idempotency-Key: 1"];
      expect((await stage.request("/keyed", { method: "POST", body: "order", fields })).text).toBe(
        "second 5",
      );
    },
  },
  {
    title: "response that is given up is cancelled",
    run: async (stage) => {
      let ended: Promise<unknown> | undefined;
      firstFails(stage, async (exchange) => {
        await exchange.send("HTTP/1.1 503 Text\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
        ended = exchange.wire.ended();
        await ended;
      });
      expect((await stage.request("/")).text).toBe("second 0");
      await ended;
    },
  },
  {
    title: "Retry-After of a second is waited for, a longer one goes to the client",
    run: async (stage) => {
      firstFails(stage, (exchange) => exchange.respond(503, { "Retry-After": "1" }));
      const startedAt = performance.now();
      expect((await stage.request("/")).text).toBe("second 0");
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(990);
      firstFails(stage, (exchange) => exchange.respond(503, { "Retry-After": "9999999999999" }));
      const { status, fields } = await stage.request("/");
      expect([status, fields.get("retry-after")]).toEqual([503, "9999999999999"]);
    },
  },
];

const bounded: Case[] = [
  {
    title: "outage of everything costs a fifth more attempts than requests, and ten a second",
    run: async (stage) => {
      for (const origin of stage.origins) origin.script(unavailable);
      const REQUESTS = 300;
      const startedAt = performance.now();
      for (let i = 0; i < REQUESTS / 20; i++) {
        const answers = await Promise.all(Array.from({ length: 20 }, () => stage.request("/open-ended")));
        for (const { status } of answers) expect(status).toBe(503);
      }
      const seconds = (performance.now() - startedAt) / 1_000;
      expect(askedTimes(stage)).toBeGreaterThan(REQUESTS);
      expect(askedTimes(stage)).toBeLessThanOrEqual(1.2 * REQUESTS + 10 * (seconds + 1));
    },
  },
  {
    title: "half-open breaker lets three probes through, and refuses all others at once",
    seenAt: ["nodeshift/opossum#276", "nodeshift/opossum#385", "nodeshift/opossum#119"],
    run: async (stage) => {
      stage.origin.script(unavailable);
      for (let i = 0; i < 5; i++) await stage.request("/breaker");
      const refused = await stage.request("/breaker");
      expect(refused.status).toBe(503);
      expect(refused.fields.get("retry-after")).toBe("1");
      expect(askedTimes(stage)).toBe(5);
      await new Promise((resolve) => setTimeout(resolve, 700));
      let release = (): void => {};
      const released = new Promise<void>((resolve) => (release = resolve));
      stage.origin.script(async (exchange) => {
        await released;
        await exchange.respond(200, {}, "probe");
      });
      const startedAt = performance.now();
      const asked = Array.from({ length: 12 }, () => stage.request("/breaker"));
      await stage.origin.request(7);
      const answers = Promise.all(asked);
      while (performance.now() - startedAt < 500) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(askedTimes(stage)).toBe(8);
      release();
      const statuses = (await answers).map(({ status }) => status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(3);
      expect(statuses.filter((status) => status === 503)).toHaveLength(9);
      expect((await stage.request("/breaker")).status).toBe(200);
    },
  },
  {
    title: "breaker whose probe fails opens again at once, and is probed again until it closes",
    seenAt: ["nodeshift/opossum#119", "nodeshift/opossum#613"],
    run: async (stage) => {
      stage.origin.script(unavailable);
      const ask = async (): Promise<number> => (await stage.request("/reopening")).status;
      for (let i = 0; i < 5; i++) await ask();
      for (let round = 1; round <= 2; round++) {
        // The others are refused without an attempt until it is half-open.
        await askUntil(ask, 1, () => askedTimes(stage) === 5 + round);
        await ask();
        expect(askedTimes(stage)).toBe(5 + round);
      }
      stage.origin.script((exchange) => exchange.respond(200));
      await askUntil(ask, 10, (statuses) => statuses.every((status) => status === 200));
    },
  },
];

/** A port that nobody listens on; the connections of this process to it are refused. */
const DEAD = "http://127.0.0.1:1";
const refuses = (): Promise<boolean> =>
  new Promise((resolve) => {
    connect({ host: "127.0.0.1", port: 1 }, () => resolve(false)).once("error", () => resolve(true));
  });

conformance("retries", {
  origins: 2,
  config: ([first, second = ""]) => {
    const both = { endpoints: [first, second], breaker: false, ejection: false } as const;
    return {
      upstreams: {
        main: both,
        keyed: { ...both, retry: { idempotencyKey: true } },
        "half-dead": { ...both, endpoints: [DEAD, first] },
      },
      routes: [
        { match: { path: "/keyed" }, upstream: "keyed" },
        { match: { path: "/half-dead" }, upstream: "half-dead" },
        { upstream: "main" },
      ],
    };
  },
  cases: [
    {
      title: "dead port refuses connections, as the other cases take for granted",
      run: async () => expect(await refuses()).toBe(true),
    },
    ...sent,
  ],
});

conformance("bounds of retries and probes", {
  origins: 2,
  config: ([first, second = ""]) => ({
    upstreams: {
      "open-ended": { endpoints: [first, second], breaker: false, ejection: false },
      breaker: { endpoints: first, breaker: { open: "500ms" } },
      reopening: { endpoints: first, breaker: { open: "500ms" } },
    },
    routes: ["open-ended", "breaker", "reopening"].map((name) => ({
      match: { path: `/${name}` },
      upstream: name,
    })),
  }),
  cases: bounded,
});
