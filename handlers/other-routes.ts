/** The routes that do not answer a request, each with the reason. */
import { explainRoutes } from "../src/routing/explain.ts";
import { matchText } from "../src/routing/match-text.ts";
import type { Explanation } from "./control.ts";
import type { Trace } from "./trace-request.ts";

const CLOSENESS = { chosen: 0, "passed-over": 1, outranked: 1, "other-method": 2, unmatched: 3 } as const;

/** Those that came closest first. Secrets of the config are the caller's to mask. */
export const otherRoutes = ({
  gateway: { plan },
  answer: { admission },
}: Trace): Explanation["otherRoutes"] => {
  const { request, choice } = admission;
  if (request === undefined || choice === undefined) return [];
  const isPassedOver = (index: number): boolean => {
    const entry = plan.entries[index];
    return entry !== undefined && choice.passedOver?.has(entry.value) === true;
  };
  return explainRoutes(plan.entries, request, isPassedOver)
    .verdicts.toSorted((a, b) => CLOSENESS[a.outcome] - CLOSENESS[b.outcome] || a.index - b.index)
    .flatMap(({ index, outcome, reason }) => {
      const entry = plan.entries[index];
      if (entry === undefined || outcome === "chosen") return [];
      return [{ name: entry.value.route.name, match: matchText(entry.match), outcome, reason }];
    });
};
