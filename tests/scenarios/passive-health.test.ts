/** Endpoints that fail more often than the others are left out, until that would leave out too many. */
import { expect } from "vitest";
import type { UpstreamInput } from "../../src/config/types.ts";
import type { OriginScript } from "../support/raw-origin.ts";
import { type Case, conformance } from "../support/suite.ts";
import { askUntil, nameOrigins, unavailable, whoAnswerAll, whoAnswers } from "../support/who-answers.ts";

/** Fails checks alone. */
const unhealthy =
  (name: string): OriginScript =>
  (exchange) =>
    exchange.head.target.startsWith("/check") ? exchange.respond(503) : exchange.respond(200, {}, name);

const cases: Case[] = [
  {
    title: "endpoint that fails more often than the others is ejected",
    run: async (stage) => {
      nameOrigins(stage, { 2: unavailable });
      // Nine in turn are three for each endpoint: as many as its rate takes, however long an interval holds.
      const ask = (): Promise<readonly number[]> =>
        Promise.all(Array.from({ length: 9 }, async () => (await stage.request("/ejecting")).status));
      await askUntil(ask, 1, ([statuses]) => statuses?.every((status) => status === 200) === true);
      expect(stage.at(2).exchanges.length).toBeGreaterThanOrEqual(3);
      nameOrigins(stage);
      expect(new Set(await whoAnswerAll(stage, "/ejecting", 9))).toEqual(new Set([0, 1]));
    },
  },
  {
    title: "panic threshold overrules checks where too few endpoints pass them",
    run: async (stage) => {
      nameOrigins(stage, { 1: unhealthy("1"), 2: unhealthy("2") });
      const calm = (): Promise<number> => whoAnswers(stage, "/calm");
      await askUntil(calm, 9, (answers) => answers.every((answer) => answer === 0));
      // Checked just as often, a third of them passes and half of them would have to.
      const panicking = (): Promise<number> => whoAnswers(stage, "/panicking");
      const isChecked = (): boolean =>
        [0, 1, 2].every(
          (index) => stage.at(index).seen.filter((line) => line === "GET /check/panicking").length > 1,
        );
      await askUntil(panicking, 9, (answers) => isChecked() && new Set(answers).size === 3);
      expect(new Set(await whoAnswerAll(stage, "/panicking", 9))).toEqual(new Set([0, 1, 2]));
      expect(new Set(await whoAnswerAll(stage, "/calm", 9))).toEqual(new Set([0]));
    },
  },
];

conformance("passive health", {
  origins: 3,
  config: (urls) => {
    const plain = {
      endpoints: urls,
      balance: "round-robin",
      breaker: false,
      retry: false,
      slowStart: "0s",
    } as const;
    const checked = (name: string, panic: number): UpstreamInput => ({
      ...plain,
      ejection: false,
      panic,
      health: { path: `/check/${name}`, interval: "100ms", fastInterval: "50ms", failures: 1, successes: 1 },
    });
    return {
      upstreams: {
        ejecting: {
          ...plain,
          ejection: { interval: "200ms", requests: 3, endpoints: 3, deviations: 1, duration: "1m" },
        },
        calm: checked("calm", 0),
        panicking: checked("panicking", 0.5),
      },
      routes: ["ejecting", "calm", "panicking"].map((name) => ({
        match: { path: `/${name}` },
        upstream: name,
      })),
    };
  },
  cases,
});
