/** Text in the cells of a terminal: escaped, measured and cut. */
import stringWidth from "string-width";

/** Control characters, separators of lines, and marks of direction, which make a line look like another one. */
const STEERING =
  // oxlint-disable-next-line no-control-regex -- control characters are what this looks for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** `text` with everything escaped that could steer the terminal or change the direction of what follows. */
export const visible = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(STEERING, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);

const ELLIPSIS = "…";
const GRAPHEMES = new Intl.Segmenter("en", { granularity: "grapheme" });

const ASCII = /^[ -~]*$/;

/** How many cells it takes. */
export const widthOf = (text: string): number => (ASCII.test(text) ? text.length : stringWidth(text));

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
  if (ASCII.test(text)) return text.slice(0, width - 1) + ELLIPSIS;
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
