/**
 * The position automaton of a regular expression (Glushkov, 1961): a state for each character that the expression
 * names, and an edge wherever one may follow another. A backtracking matcher tries its paths one after another.
 */
import type { RegexNode } from "./regex-syntax.ts";

/** A character of the expression. */
export interface Position {
  /** As written; "" for an assertion, which no path gets past here. */
  readonly text: string;
  /** Where in the source. */
  readonly at: number;
  /** Positions that may come next, and in how many ways: more than one where repetitions are nested. */
  readonly next: Map<number, number>;
}

export interface Positions {
  readonly all: readonly Position[];
  /** Those that may be the last: a matcher that gets there has matched. */
  readonly last: readonly number[];
}

/** Larger expressions are not looked into. */
const MOST = 250;

/** Repetitions with more room than this count as unbounded. */
const AS_GOOD_AS_UNBOUNDED = 16;

interface Part {
  readonly optional: boolean;
  readonly first: readonly number[];
  readonly last: readonly number[];
}

const NOTHING: Part = { optional: true, first: [], last: [] };

class TooLarge extends Error {}

/** Undefined where there are too many. */
export const positionsOf = (node: RegexNode): Positions | undefined => {
  const all: Position[] = [];

  const single = (text: string, at: number): Part => {
    if (all.length === MOST) throw new TooLarge();
    const index = all.push({ text, at, next: new Map() }) - 1;
    return { optional: false, first: [index], last: [index] };
  };

  const connect = (from: readonly number[], to: readonly number[]): void => {
    for (const index of from) {
      const next = all[index]?.next;
      for (const target of to) next?.set(target, (next.get(target) ?? 0) + 1);
    }
  };

  const then = (a: Part, b: Part): Part => {
    connect(a.last, b.first);
    return {
      optional: a.optional && b.optional,
      first: a.optional ? [...a.first, ...b.first] : a.first,
      last: b.optional ? [...a.last, ...b.last] : b.last,
    };
  };

  const repeat = (item: RegexNode, min: number, max: number): Part => {
    if (max - min > AS_GOOD_AS_UNBOUNDED) {
      const loop = build(item);
      connect(loop.last, loop.first);
      const more = min === 0 ? { ...loop, optional: true } : loop;
      return then(copies(item, min - 1), more);
    }
    let more = NOTHING;
    for (let left = max - min; left > 0; left--) more = { ...then(build(item), more), optional: true };
    return then(copies(item, min), more);
  };

  const copies = (item: RegexNode, count: number): Part => {
    let part = NOTHING;
    for (let i = 0; i < count; i++) part = then(part, build(item));
    return part;
  };

  const build = (part: RegexNode): Part => {
    switch (part.kind) {
      case "character":
        return single(part.text, part.at);
      case "assertion":
        return single("", 0);
      case "sequence":
        return part.items.map(build).reduce(then, NOTHING);
      case "choice": {
        const parts = part.items.map(build);
        return {
          optional: parts.some(({ optional }) => optional),
          first: parts.flatMap(({ first }) => first),
          last: parts.flatMap(({ last }) => last),
        };
      }
      case "repeat":
        return repeat(part.item, part.min, part.max);
    }
  };

  try {
    return { last: build(node).last, all };
  } catch (error) {
    if (error instanceof TooLarge) return undefined;
    throw error;
  }
};
