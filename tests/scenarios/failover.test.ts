/** Another upstream takes over where the first one can't answer. */
import { expect } from "vitest";
import { type Case, conformance } from "../support/suite.ts";
import { nameOrigins, resets, unavailable, whoAnswers } from "../support/who-answers.ts";

const POST = { method: "POST", body: "order" } as const;

const cases: Case[] = [
  {
    title: "GET that the first upstream lost is answered by the next",
    run: async (stage) => {
      nameOrigins(stage, { 0: resets });
      for (let i = 0; i < 3; i++) expect(await whoAnswers(stage, "/main")).toBe(1);
      nameOrigins(stage);
      expect(await whoAnswers(stage, "/main")).toBe(0);
    },
  },
  {
    title: "POST that the first upstream may have had is sent nowhere else",
    seenAt: ["apache/apisix#11359"],
    run: async (stage) => {
      nameOrigins(stage, { 0: resets });
      expect((await stage.request("/main", POST)).status).toBe(502);
      expect([stage.at(0).seen, stage.at(1).seen]).toEqual([["POST /main"], []]);
    },
  },
  {
    title: "response is final, whatever its status",
    run: async (stage) => {
      nameOrigins(stage, { 0: unavailable });
      expect((await stage.request("/main")).status).toBe(503);
      expect(stage.at(1).seen).toEqual([]);
    },
  },
  {
    title: "request of any method goes to the next upstream while the first one's breaker is open",
    run: async (stage) => {
      nameOrigins(stage, { 0: resets });
      expect(await whoAnswers(stage, "/guarded")).toBe(1);
      const before = stage.at(0).exchanges.length;
      expect(await whoAnswers(stage, "/guarded", POST)).toBe(1);
      expect(stage.at(0).exchanges).toHaveLength(before);
    },
  },
  {
    title: "POST that could not be sent goes to the next upstream",
    run: async (stage) => {
      nameOrigins(stage);
      for (let i = 0; i < 3; i++) expect(await whoAnswers(stage, "/dead", POST)).toBe(1);
    },
  },
];

conformance("failover", {
  origins: 2,
  config: ([first, second = ""]) => ({
    upstreams: {
      main: first,
      guarded: { endpoints: first, breaker: { failures: 1, open: "1m" } },
      // Port 1 on loopback: nobody listens there.
      dead: "http://127.0.0.1:1",
      spare: second,
    },
    routes: ["main", "guarded", "dead"].map((name) => ({
      match: { path: `/${name}` },
      upstream: name,
      failover: "spare",
    })),
  }),
  cases,
});
