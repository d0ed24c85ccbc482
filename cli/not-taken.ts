/** The routes that do not answer a request, as text for the terminal. */
import { otherRoutes } from "../handlers/other-routes.ts";
import type { Trace } from "../handlers/trace-request.ts";
import type { Style } from "./style.ts";

/** With more routes than this, those that came closest are shown. */
const MOST = 20;

/** Lines for the terminal, with what `mask` covers masked. */
export const notTaken = (trace: Trace, style: Style, mask: (text: string) => string): readonly string[] => {
  const others = otherRoutes(trace);
  if (others.length === 0) return [];
  const rows = others
    .slice(0, MOST)
    .map(({ name, match, reason }) => [mask(`"${name}" ${match}`), mask(reason)] as const);
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
