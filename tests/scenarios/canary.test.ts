/** A share of the clients gets another upstream, and each client keeps its own. */
import { expect } from "vitest";
import { type Case, conformance, type Stage } from "../support/suite.ts";
import { nameOrigins, whoAnswers } from "../support/who-answers.ts";

const CLIENTS = Array.from({ length: 60 }, (_, index) => `client-${index}`);

/** Which upstream answers each client: 0 is the stable one, 1 the canary. */
const answers = (stage: Stage, target: string): Promise<readonly number[]> =>
  Promise.all(CLIENTS.map((id) => whoAnswers(stage, target, { fields: [`Cookie: user=${id}`] })));

const canaries = (found: readonly number[]): Set<string> => new Set(CLIENTS.filter((_, i) => found[i] === 1));

const cases: Case[] = [
  {
    title: "each client stays at its upstream, and the canary has about its share of them",
    run: async (stage) => {
      nameOrigins(stage);
      const found = await answers(stage, "/quarter");
      expect(await answers(stage, "/quarter")).toEqual(found);
      // Which clients it has follows from the names alone: 15 of 60 would be exact.
      expect(canaries(found).size).toBeGreaterThanOrEqual(8);
      expect(canaries(found).size).toBeLessThanOrEqual(24);
    },
  },
  {
    title: "larger share of the canary takes no client away from it",
    run: async (stage) => {
      nameOrigins(stage);
      const quarter = canaries(await answers(stage, "/quarter"));
      const half = canaries(await answers(stage, "/half"));
      expect(quarter.difference(half)).toEqual(new Set());
      expect(half.size).toBeGreaterThan(quarter.size);
    },
  },
  {
    title: "requests whose client is not known are dealt out by weight",
    run: async (stage) => {
      nameOrigins(stage);
      const found: number[] = [];
      for (let i = 0; i < 8; i++) found.push(await whoAnswers(stage, "/quarter"));
      expect(found.filter((answer) => answer === 1)).toHaveLength(2);
    },
  },
];

conformance("canary", {
  origins: 2,
  config: ([stable, canary = ""]) => {
    const split = (path: string, weight: number): object => ({
      match: { path },
      upstream: [
        { name: "stable", weight: 4 - weight },
        { name: "canary", weight },
      ],
      sticky: "cookie:user",
    });
    return { upstreams: { stable, canary }, routes: [split("/quarter", 1), split("/half", 2)] };
  },
  cases,
});
