/** One screen of `fairlead top`. */
import type { Style } from "../style.ts";
import { clipped, visible } from "./cell.ts";
import { summaryLines, tablesOf } from "./report.ts";
import type { View } from "./view.ts";

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface Frame {
  /** No more than fit. */
  readonly lines: readonly string[];
  /** Where the view really begins: not beyond the last line. */
  readonly offset: number;
}

export const frameOf = (view: View, { columns, rows }: Size, style: Style): Frame => {
  const options = { ...view, width: columns, style };
  const head = [...failureLines(view, columns, style), ...summaryLines(view.snapshot, options), ""];
  const tables = tablesOf(view.snapshot, options);
  const room = Math.max(0, rows - head.length - 1);
  const offset = Math.min(view.offset, Math.max(0, tables.length - room));
  const shown = tables.slice(offset, offset + room);
  const more = tables.length - offset - shown.length;
  const foot = style.dim(clipped(footText(view, offset, more), columns));
  const blank = Array.from({ length: room - shown.length }, () => "");
  return { lines: [...head, ...shown, ...blank, foot].slice(-rows), offset };
};

const failureLines = ({ failure, address }: View, width: number, style: Style): readonly string[] =>
  failure === undefined
    ? []
    : [
        style.red(
          clipped(visible(`${address}: ${failure.message}, since ${failure.since}; trying again`), width),
        ),
      ];

const footText = (
  { isTyping, filter, sort, isReversed, isPaused }: View,
  above: number,
  below: number,
): string => {
  if (isTyping) return `filter: ${visible(filter)}_   enter keeps it, esc clears it`;
  const state = [
    `s sort: ${sort}${isReversed ? ", reversed" : ""}`,
    `/ filter${filter === "" ? "" : `: ${visible(filter)}`}`,
    isPaused ? "space goes on (paused)" : "space pauses",
    ...(above + below > 0 ? [`↑ ${above} ↓ ${below} more`] : []),
  ];
  return ["q quit", ...state, "r reverse"].join("   ");
};
