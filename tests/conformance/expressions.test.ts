/** A route's regular expression costs time in proportion to the text, whatever both are. */
import { expect } from "vitest";
import { type Case, conformance, oneUpstream } from "../support/suite.ts";

/** Expression and a text that a backtracking engine takes for ever to refuse. */
const TRAPS: readonly (readonly [expression: string, text: string])[] = [
  [".*Chrome.*Mobile", "Chrome".repeat(800)],
  ["^(a+)+$", `${"a".repeat(3_000)}!`],
  ["^(\\w+\\s?)*$", `${"word ".repeat(600)}!`],
  ["(x+x+)+y", "x".repeat(4_000)],
  ["a*a*a*a*a*b", "a".repeat(3_000)],
];

const cases: Case[] = TRAPS.map(([expression, text], index) => ({
  title: `expression ${expression} does not hold the proxy up`,
  run: async (stage) => {
    const slow = stage.request(`/${index}`, { fields: [`X-Text: ${text}`] });
    // Others are served meanwhile, and so is the one that set the trap.
    expect((await stage.request("/other")).text).toBe("origin");
    expect((await slow).text).toBe("origin");
  },
}));

conformance("expressions", {
  config: oneUpstream({
    routes: [
      ...TRAPS.map(([regex], index) => ({
        match: { path: `/${index}`, headers: { "x-text": { regex } } },
        respond: { body: "matched" },
      })),
      { upstream: "main" },
    ],
  }),
  cases,
});
