/** Texts with positions: where in a config file a key or a value stands. */
import { maskUnreadLine } from "./masking.ts";
import type { ConfigPath, ConfigProblem, Place } from "./problem.ts";

/** A part of a text, in UTF-16 code units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where `path`, or the nearest part around it, stands. */
export type Locate = (path: ConfigPath, at: "key" | "value") => Span | undefined;

/** What was read from a text. */
export interface Source {
  readonly input: unknown;
  readonly locate: Locate;
  /** What must not be, and yet leaves the rest readable. */
  readonly faults?: readonly Fault[];
}

/** A file that can't be read as what its name says. */
export interface Malformed {
  readonly faults: readonly Fault[];
}

/** What is wrong with a part of a text. */
export interface Fault {
  readonly message: string;
  readonly span: Span;
}

/** `span` of `text` as people count: lines and columns from 1. A span over several lines is cut at the first's end. */
export const placeOf = (source: string, text: string, { start, end }: Span): Place => {
  const from = Math.min(start, text.length);
  const lineStart = text.lastIndexOf("\n", from - 1) + 1;
  const newline = text.indexOf("\n", from);
  const lineEnd = newline === -1 ? text.length : newline;
  const line = text.slice(0, lineStart).split("\n").length;
  const shown = text.slice(lineStart, lineEnd).replace(/\r$/, "");
  const length = Math.max(1, Math.min(end, lineStart + shown.length) - from);
  return { source, line, column: from - lineStart + 1, text: shown, length };
};

/** The faults of a file's text as problems. */
export const faultsOf = (source: string, text: string, faults: readonly Fault[]): ConfigProblem[] =>
  faults.map(({ message, span }) => {
    const place = placeOf(source, text, span);
    return { path: [], at: "value", message, place: { ...place, text: maskUnreadLine(place.text ?? "") } };
  });
