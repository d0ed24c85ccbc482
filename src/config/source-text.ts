/** Texts with positions: where in a config file a key or a value stands. */
import { maskUnreadLine } from "./masking.ts";
import type { ConfigPath, ConfigProblem, Place } from "./problem.ts";

/** A part of a text, in UTF-16 code units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A value in a text. */
export interface TextNode {
  readonly span: Span;
  /** Where its key stands. */
  readonly key?: Span | undefined;
  readonly kind: "object" | "list" | "scalar";
  /** Its members; of a repeated key the last, whose value is the one that is read. */
  readonly members: () => ReadonlyMap<string, TextNode>;
}

/** What was read from a text. */
export interface Source {
  readonly input: unknown;
  readonly root: TextNode;
  /** What must not be, and yet leaves the rest readable. */
  readonly faults: readonly Fault[];
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

/** Where the key or value at `path` stands below `root`; else the nearest part around it. */
export const spanAt = (root: TextNode, path: ConfigPath, at: "key" | "value"): Span => {
  let node = root;
  let isReached = true;
  for (const step of path) {
    const member = node.kind === "scalar" ? undefined : node.members().get(String(step));
    // A key that the long form has, where a short form stands.
    if (member === undefined && typeof step === "string" && node.kind !== "object") continue;
    isReached = member !== undefined;
    if (member === undefined) break;
    node = member;
  }
  const isWhole = !isReached || node.kind !== "scalar";
  return (at === "key" || isWhole ? node.key : undefined) ?? node.span;
};

/** Members that are looked for once, however many are asked for. */
export const lazyMembers = (find: () => Iterable<readonly [string, TextNode]>): TextNode["members"] => {
  let found: ReadonlyMap<string, TextNode> | undefined;
  return () => (found ??= new Map(find()));
};

/** How many of the sorted `starts` are at most `offset`. */
const linesUpTo = (starts: readonly number[], offset: number): number => {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
};

/**
 * Tells spans of `text` as people count: lines and columns from 1. A span over several lines is cut at the first's
 * end. The text is gone through once, however many spans are asked for.
 */
export const placesIn = (source: string, text: string): ((span: Span) => Place) => {
  const starts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
  return ({ start, end }) => {
    const from = Math.min(start, text.length);
    const line = linesUpTo(starts, from);
    const lineStart = starts[line - 1] ?? 0;
    const newline = (starts[line] ?? text.length + 1) - 1;
    const shown = text.slice(lineStart, text[newline - 1] === "\r" ? newline - 1 : newline);
    const length = Math.max(1, Math.min(end, lineStart + shown.length) - from);
    return { source, line, column: from - lineStart + 1, text: shown, length };
  };
};

/** The faults of a file's text as problems. */
export const faultsOf = (source: string, text: string, faults: readonly Fault[]): ConfigProblem[] => {
  if (faults.length === 0) return [];
  const placeOf = placesIn(source, text);
  return faults.map(({ message, span }) => {
    const place = placeOf(span);
    return { path: [], at: "value", message, place: { ...place, text: maskUnreadLine(place.text ?? "") } };
  });
};
