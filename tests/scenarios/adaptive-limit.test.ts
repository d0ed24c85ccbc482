/** The limit of requests in progress follows failures and latency; what is above it is refused at once. */
import { expect } from "vitest";
import { Watched } from "../support/bound.ts";
import { type Case, conformance, type Stage } from "../support/suite.ts";
import { nameOrigins, resets } from "../support/who-answers.ts";

const INITIAL = 20;
const LEAST = 4;
const SLOW_MS = 150;

/** Of `count` requests at the same time: how many were let through, and how many refused. */
const letThrough = async (
  stage: Stage,
  target: string,
  count: number,
): Promise<{ readonly passed: number; readonly refused: number }> => {
  stage.origin.reset();
  const changes = new Watched();
  let [arrived, refused] = [0, 0];
  let release = (): void => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  stage.origin.script(async (exchange) => {
    arrived += 1;
    changes.changed();
    await released;
    await exchange.respond(200, {}, "0");
  });
  const answers = Promise.all(
    Array.from({ length: count }, async () => {
      const { status } = await stage.request(target);
      if (status === 503) refused += 1;
      changes.changed();
    }),
  );
  // The refused are answered while the others are still in progress.
  await changes.until(
    () => arrived + refused === count || undefined,
    () => `${count} requests; ${arrived} arrived, ${refused} were refused`,
  );
  release();
  await answers;
  return { passed: arrived, refused };
};

const cases: Case[] = [
  {
    title: "requests above the first limit are refused while the others are in progress",
    run: async (stage) => {
      expect(await letThrough(stage, "/fresh", 30)).toEqual({ passed: INITIAL, refused: 30 - INITIAL });
    },
  },
  {
    title: "failures lower the limit to its least",
    run: async (stage) => {
      nameOrigins(stage, { 0: resets });
      for (let i = 0; i < 20; i++) expect((await stage.request("/failing")).status).toBe(502);
      expect(await letThrough(stage, "/failing", 12)).toEqual({ passed: LEAST, refused: 12 - LEAST });
    },
  },
  {
    title: "answers that take longer than at first lower the limit",
    run: async (stage) => {
      nameOrigins(stage);
      for (let i = 0; i < INITIAL; i++) expect((await stage.request("/slowing")).status).toBe(200);
      stage.origin.script(async (exchange) => {
        await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
        await exchange.respond(200, {}, "0");
      });
      for (let wave = 0; wave < 3; wave++)
        await Promise.all(Array.from({ length: INITIAL }, () => stage.request("/slowing")));
      const { passed, refused } = await letThrough(stage, "/slowing", INITIAL);
      expect(passed).toBeGreaterThanOrEqual(LEAST);
      expect(refused).toBeGreaterThanOrEqual(INITIAL / 4);
    },
  },
];

conformance("adaptive limit", {
  config: ([origin]) => ({
    upstreams: Object.fromEntries(
      ["fresh", "failing", "slowing"].map((name) => [
        name,
        { endpoints: origin, concurrency: { limit: "adaptive", queue: 0 } },
      ]),
    ),
    routes: ["fresh", "failing", "slowing"].map((name) => ({ match: { path: `/${name}` }, upstream: name })),
  }),
  cases,
});
