/** The parts of a field line, read where heads and trailers are read. */
import { isBlankByte } from "./characters.ts";

/** Index of the first character of `text` from `start` on that is neither a space nor a tab, or `end`. */
export const skipBlanks = (text: string, start: number, end: number): number => {
  let i = start;
  while (i < end && isBlankByte(text.charCodeAt(i))) i++;
  return i;
};

/** Index after the last character of `text` before `end` that is neither a space nor a tab, or `start`. */
export const trimBlanks = (text: string, start: number, end: number): number => {
  let i = end;
  while (i > start && isBlankByte(text.charCodeAt(i - 1))) i--;
  return i;
};

/** The rule that a field line breaks in which no colon comes right behind a token. */
export const nameRule = (line: string): string => {
  if (isBlankByte(line.charCodeAt(0))) return "obs-fold or white space before a field (RFC 9112 §5.2, §2.2)";
  const colon = line.indexOf(":");
  if (colon === -1) return "field line without a colon (RFC 9112 §5)";
  return isBlankByte(line.charCodeAt(colon - 1))
    ? "white space between field name and colon (RFC 9112 §5.1)"
    : "field name is not a token (RFC 9110 §5.1)";
};
