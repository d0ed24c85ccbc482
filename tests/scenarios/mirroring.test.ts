/** Copies of requests go to another upstream, and nobody sees what becomes of them. */
import { expect } from "vitest";
import { type Case, conformance } from "../support/suite.ts";
import { nameOrigins, resets } from "../support/who-answers.ts";

const COPIES = 1;

const cases: Case[] = [
  {
    title: "copy reaches the other upstream, and its failure changes nothing for the client",
    run: async (stage) => {
      nameOrigins(stage, { [COPIES]: resets });
      for (let i = 0; i < 5; i++) {
        const response = await stage.request(`/all/${i}`, { fields: ["X-Note: kept"] });
        expect([response.status, response.text]).toEqual([200, "0"]);
        const copy = await stage.at(COPIES).request(i);
        expect([copy.head.target, copy.header("x-note")]).toEqual([`/all/${i}`, "kept"]);
      }
      expect(stage.origin.seen).toHaveLength(5);
    },
  },
  {
    title: "copy that is never answered holds up no request",
    run: async (stage) => {
      nameOrigins(stage, { [COPIES]: (exchange) => exchange.wire.ended(Infinity).then(() => {}) });
      for (let i = 0; i < 3; i++) {
        expect((await stage.request("/all")).text).toBe("0");
        await stage.at(COPIES).request(i);
      }
    },
  },
  {
    title: "copy has the request's content",
    run: async (stage) => {
      nameOrigins(stage);
      const parts = { method: "POST", body: "order" };
      expect((await stage.request("/all", parts)).text).toBe("0");
      const copy = await stage.at(COPIES).request(0, 2_000);
      expect(String(await copy.body())).toBe("order");
    },
  },
  {
    title: "share of the requests is copied, not all",
    run: async (stage) => {
      nameOrigins(stage);
      const REQUESTS = 120;
      for (let i = 0; i < REQUESTS; i += 20) {
        const asked = Array.from({ length: 20 }, () => stage.request("/quarter"));
        for (const { text } of await Promise.all(asked)) expect(text).toBe("0");
      }
      // More than five standard deviations to either side of 30.
      await stage.at(COPIES).request(5);
      expect(stage.at(COPIES).exchanges.length).toBeLessThanOrEqual(55);
    },
  },
];

conformance("mirroring", {
  origins: 2,
  config: ([main, copies = ""]) => ({
    upstreams: { main, copies: { endpoints: copies, timeouts: { firstByte: "1s" } } },
    routes: [
      { match: { path: "/all/*" }, upstream: "main", mirror: "copies" },
      { match: { path: "/quarter" }, upstream: "main", mirror: { upstream: "copies", share: 0.25 } },
    ],
  }),
  cases,
});
