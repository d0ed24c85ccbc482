/** Upstream connections are used again, and what goes wrong with an old one is nobody's trouble. */
import { expect } from "vitest";
import { type Case, type Stage, conformance, oneUpstream, requestText } from "../support/suite.ts";
import { resets } from "../support/who-answers.ts";

const SEEN_AT = ["nodejs/undici#5450", "envoyproxy/envoy#14981"];
const RUNTIMES_DIFFER = ["denoland/deno#32497", "denoland/deno#36657"];

/** A request whose used connection is reset once the origin has its content is answered 502, and sent once. */
const expectSentOnce = async (stage: Stage, method: string, body: string): Promise<void> => {
  expect((await stage.request("/")).status).toBe(200);
  stage.origin.reset();
  stage.origin.script(resets);
  expect((await stage.request("/", { method, body })).status).toBe(502);
  expect(stage.origin.exchanges.length).toBe(1);
};

const reuse: Case[] = [
  {
    title: "upstream connection is used again",
    seenAt: RUNTIMES_DIFFER,
    run: async (stage) => {
      for (let i = 0; i < 10; i++) expect((await stage.request("/")).status).toBe(200);
      const used = new Set(stage.origin.exchanges.map(({ connection }) => connection));
      expect(used.size).toBeLessThanOrEqual(2);
    },
  },
  {
    title: "connection that the origin closes after each answer costs no request",
    seenAt: [...SEEN_AT, ...RUNTIMES_DIFFER],
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await x.body();
        await x.respond(200, {}, "once");
        x.wire.finish();
      });
      const client = await stage.client();
      for (let i = 0; i < 30; i++) {
        await client.send(requestText(`/${i}`));
        expect((await client.response()).text).toBe("once");
      }
      expect(stage.origin.exchanges.length).toBe(30);
    },
  },
  {
    title: "GET on a used connection that is reset unanswered is sent again on a fresh one",
    seenAt: [...SEEN_AT, ...RUNTIMES_DIFFER],
    run: async (stage) => {
      stage.origin.script(async (x) => (x.turn > 0 ? x.wire.reset() : x.respond(200, {}, "fresh")));
      const client = await stage.client();
      for (let i = 0; i < 6; i++) {
        await client.send(requestText(`/${i}`));
        const response = await client.response();
        expect([response.status, response.text]).toEqual([200, "fresh"]);
      }
    },
  },
  {
    title: "GET on a used connection that is closed unanswered is sent again on a fresh one",
    seenAt: [...SEEN_AT, ...RUNTIMES_DIFFER],
    run: async (stage) => {
      stage.origin.script(async (x) => (x.turn > 0 ? x.wire.finish() : x.respond(200, {}, "fresh")));
      const client = await stage.client();
      for (let i = 0; i < 6; i++) {
        await client.send(requestText(`/${i}`));
        const response = await client.response();
        expect([response.status, response.text]).toEqual([200, "fresh"]);
      }
    },
  },
  {
    title: "PUT on a used connection that is closed unanswered is sent again, whole, on a fresh one",
    seenAt: SEEN_AT,
    run: async (stage) => {
      stage.origin.script(async (x) => {
        const body = await x.body();
        if (x.turn > 0) x.wire.finish();
        else await x.respond(200, {}, body);
      });
      const client = await stage.client();
      for (const size of [5, 5, 60_000, 60_000]) {
        const body = "x".repeat(size);
        await client.send(requestText("/", { method: "PUT", body }));
        const response = await client.response();
        expect([response.status, response.text.length]).toEqual([200, size]);
      }
      expect(stage.origin.exchanges.some(({ turn }) => turn > 0)).toBe(true);
    },
  },
  {
    title: "PUT with more content than is kept is not sent again",
    run: (stage) => expectSentOnce(stage, "PUT", "x".repeat(1024 * 1024)),
  },
  {
    title: "GET on a fresh connection that is reset is not repeated",
    run: async (stage) => {
      stage.origin.dropConnections();
      stage.origin.script((x) => x.wire.reset());
      expect((await stage.request("/")).status).toBe(502);
      expect(stage.origin.exchanges.filter(({ turn }) => turn === 0).length).toBe(1);
    },
  },
  {
    title: "POST whose body the origin had is never sent twice",
    seenAt: ["apache/apisix#11359"],
    run: (stage) => expectSentOnce(stage, "POST", "charge the card"),
  },
  {
    title: "answer that was begun is never started over",
    seenAt: SEEN_AT,
    run: async (stage) => {
      expect((await stage.request("/")).status).toBe(200);
      stage.origin.reset();
      stage.origin.script(async (x) => {
        await x.send("HTTP/1.1 200 OK\r\nContent-Le");
        x.wire.reset();
      });
      expect((await stage.request("/")).status).toBe(502);
      expect(stage.origin.exchanges.length).toBe(1);
    },
  },
];

conformance("keep-alive", { config: oneUpstream(), cases: reuse });

conformance("pool", {
  config: oneUpstream(),
  cases: [
    {
      title: "idle upstream connection is closed before the origin would close it",
      seenAt: SEEN_AT,
      run: async (stage) => {
        stage.origin.script((x) => x.respond(200, { "Keep-Alive": "timeout=3" }, "ok"));
        await stage.request("/");
        await (await stage.origin.request()).wire.ended(2_500);
      },
    },
  ],
});

const fills: Case[] = [
  {
    title: "same path on two hosts never shares a response",
    seenAt: ["CVE-2026-2836"],
    run: async (stage) => {
      stage.at(0).script((x) => x.respond(200, { "Cache-Control": "max-age=60" }, "one"));
      stage.at(1).script((x) => x.respond(200, { "Cache-Control": "max-age=60" }, "two"));
      const client = await stage.client();
      for (let i = 0; i < 5; i++) {
        for (const host of ["one", "two"]) {
          await client.send(requestText("/same", { host: `${host}.test` }));
          expect((await client.response()).text).toBe(host);
        }
      }
      expect([stage.at(0).exchanges.length, stage.at(1).exchanges.length]).toEqual([5, 5]);
    },
  },
  {
    title: "many requests at once get each their own answer",
    seenAt: ["CVE-2026-2836"],
    run: async (stage) => {
      stage.at(0).script((x) => x.respond(200, {}, `one ${x.head.target}`));
      stage.at(1).script((x) => x.respond(200, {}, `two ${x.head.target}`));
      const ask = async (i: number): Promise<void> => {
        const name = i % 2 === 0 ? "one" : "two";
        const response = await stage.request(`/${i}`, { host: `${name}.test` });
        expect(response.text).toBe(`${name} /${i}`);
      };
      await Promise.all(Array.from({ length: 60 }, (_, i) => ask(i)));
    },
  },
];

conformance("two hosts", {
  origins: 2,
  config: ([one, two = ""]) => ({
    upstreams: { one, two },
    routes: [
      { match: { host: "one.test" }, upstream: "one" },
      { match: { host: "two.test" }, upstream: "two" },
    ],
  }),
  cases: fills,
});
