/** The structure of a regular expression, as far as it tells how much work matching is. */

/** Part of an expression. */
export type RegexNode =
  /** One character: a literal, a class, an escape of either. */
  | { readonly kind: "character"; readonly text: string; readonly at: number }
  /** Takes no character, or the same as a group did: anchors, look-arounds, back-references. */
  | { readonly kind: "assertion" }
  | { readonly kind: "sequence"; readonly items: readonly RegexNode[] }
  | { readonly kind: "choice"; readonly items: readonly RegexNode[] }
  | { readonly kind: "repeat"; readonly item: RegexNode; readonly min: number; readonly max: number };

/** An expression, and those inside its look-arounds, which are matched on their own. */
export interface RegexSyntax {
  readonly whole: RegexNode;
  readonly inner: readonly RegexNode[];
}

const LOOK_AROUND = /\(\?<?[=!]/y;
const GROUP = /\((?:\?(?:<[^>]*>|[a-z-]*:))?/y;
const ASSERTION = /[$^]|\\(?:[Bb]|[1-9]\d*|k<[^>]*>)/y;
const CHARACTER =
  /\[(?:\\[^]|[^\\\]])*\]|\\(?:[Pp]\{[^}]*\}|u\{[^}]*\}|u[\dA-Fa-f]{4}|x[\dA-Fa-f]{2}|c[A-Za-z]|[^])|[^]/uy;
const QUANTIFIER = /(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/y;

const boundsOf = ([, sign, least, comma, most]: RegExpExecArray): [min: number, max: number] => {
  if (sign !== undefined) return [sign === "+" ? 1 : 0, sign === "?" ? 1 : Infinity];
  const min = Number(least);
  if (comma === "") return [min, min];
  return [min, most === "" ? Infinity : Number(most)];
};

/** Parses `source`, which must be a regular expression with the flag `u`. */
export const parseRegex = (source: string): RegexSyntax => {
  const inner: RegexNode[] = [];
  let at = 0;

  const take = (token: RegExp): RegExpExecArray | null => {
    token.lastIndex = at;
    const found = token.exec(source);
    if (found !== null) at = token.lastIndex;
    return found;
  };

  /** Up to the end, or behind the parenthesis that closes it. */
  const choice = (): RegexNode => {
    const items: RegexNode[] = [];
    let sequence: RegexNode[] = [];
    const endSequence = (): void => {
      items.push({ kind: "sequence", items: sequence });
      sequence = [];
    };
    for (; at < source.length && source[at] !== ")";) {
      if (source[at] === "|") {
        at++;
        endSequence();
      } else sequence.push(quantified());
    }
    at++;
    endSequence();
    return { kind: "choice", items };
  };

  const atom = (): RegexNode => {
    if (take(LOOK_AROUND) !== null) {
      inner.push(choice());
      return { kind: "assertion" };
    }
    if (take(GROUP) !== null) return choice();
    if (take(ASSERTION) !== null) return { kind: "assertion" };
    const start = at;
    return { kind: "character", text: take(CHARACTER)?.[0] ?? "", at: start };
  };

  const quantified = (): RegexNode => {
    const item = atom();
    const quantifier = take(QUANTIFIER);
    if (quantifier === null) return item;
    const [min, max] = boundsOf(quantifier);
    return { kind: "repeat", item, min, max };
  };

  return { whole: choice(), inner };
};
