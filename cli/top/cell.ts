/** Text in the cells of a terminal: escaped, measured and cut. */
import stringWidth from "string-width";
import { isPlainJson, jsonText } from "../../src/observe/line-text.ts";

/** `text` with everything escaped that could steer the terminal or change the direction of what follows. */
export const visible = (text: string): string => (isPlainJson(text) ? text : jsonText(text).slice(1, -1));

const ELLIPSIS = "…";
const GRAPHEMES = new Intl.Segmenter("en", { granularity: "grapheme" });

/** How many cells it takes. */
export const widthOf = (text: string): number => stringWidth(text);

/** `text` in exactly `width` cells: cut where it is longer, filled with spaces where it is shorter. */
export const fitted = (text: string, width: number, align: "left" | "right" = "left"): string => {
  const cut = clipped(text, width);
  const room = " ".repeat(width - widthOf(cut));
  return align === "left" ? cut + room : room + cut;
};

/** The beginning of `text`, in at most `width` cells. */
export const clipped = (text: string, width: number): string => {
  if (widthOf(text) <= width) return text;
  if (width <= 0) return "";
  let taken = "";
  let cells = 0;
  for (const { segment } of GRAPHEMES.segment(text)) {
    const more = widthOf(segment);
    if (cells + more > width - 1) break;
    taken += segment;
    cells += more;
  }
  return taken + ELLIPSIS;
};
