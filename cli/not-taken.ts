/** The routes that a request does not get, each with the reason. */
import { explainRoutes } from "../src/routing/explain.ts";
import { matchText } from "./listening.ts";
import type { Style } from "./style.ts";
import type { Trace } from "./trace-request.ts";

/** With more routes than this, those that came closest are shown. */
const MOST = 20;

const CLOSENESS = { chosen: 0, "passed-over": 1, outranked: 1, "other-method": 2, unmatched: 3 } as const;

/** Lines for the terminal, with what `mask` covers masked. */
export const notTaken = (
  { gateway: { plan }, answer: { admission } }: Trace,
  style: Style,
  mask: (text: string) => string,
): readonly string[] => {
  const { request, choice } = admission;
  if (request === undefined || choice === undefined) return [];
  const isPassedOver = (index: number): boolean => {
    const entry = plan.entries[index];
    return entry !== undefined && choice.passedOver?.has(entry.value) === true;
  };
  const others = explainRoutes(plan.entries, request, isPassedOver)
    .verdicts.filter(({ outcome }) => outcome !== "chosen")
    .sort((a, b) => CLOSENESS[a.outcome] - CLOSENESS[b.outcome] || a.index - b.index);
  if (others.length === 0) return [];
  const rows = others.slice(0, MOST).map(({ index, reason }) => {
    const entry = plan.entries[index];
    const name = `"${entry?.value.route.name ?? ""}"`;
    return [mask(entry === undefined ? name : `${name} ${matchText(entry.match)}`), mask(reason)] as const;
  });
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, reason]) => `  ${name.padEnd(width)}  ${style.dim(reason)}`);
  const hidden = others.length - rows.length;
  return [
    "",
    style.bold("Not taken"),
    ...lines,
    ...(hidden > 0 ? [style.dim(`  … and ${hidden} more`)] : []),
  ];
};
