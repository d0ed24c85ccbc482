import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compileRegex } from "../../src/routing/regex.ts";

const piece = fc.constantFrom(
  ..."a b c . * + ? | ( ) [ ] { } ^ $ \\ - / é".split(" "),
  ..."\\d,\\w,\\-,\\u{61},(?:,(?=,(?<!,(?<n>,\\k<n>,\\1,{2},{1,},{,3},[^,\\p{L}".split(","),
);

test("whatever is written is compiled or refused with a reason", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
      let refusal: unknown;
      try {
        compileRegex(pieces.join(""));
      } catch (error) {
        refusal = error;
      }
      expect(refusal === undefined || (refusal instanceof TypeError && refusal.message !== "")).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

/** Expressions that mean the same to RE2 and to JavaScript. */
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom("a", "b", "[ab]", "[^a]", ".", "\\w", "\\b", "^", "$", "é", ""),
    fc.tuple(tie("expression"), tie("expression")).map(([a, b]) => a + b),
    fc.tuple(tie("expression"), tie("expression")).map(([a, b]) => `(?:${a}|${b})`),
    fc
      .tuple(tie("expression"), fc.constantFrom("*", "+", "?", "{2}", "{1,3}", "*?"))
      .map(([a, repeat]) => `(?:${a})${repeat}`),
  ),
}));

test("an expression matches what JavaScript's matches", () => {
  const value = fc.string({ unit: fc.constantFrom("a", "b", "c", " ", "é"), maxLength: 8 });
  fc.assert(
    fc.property(expression, value, (source, text) => {
      expect(compileRegex(source).test(text)).toBe(new RegExp(source, "u").test(text));
      expect(compileRegex(source, "whole").test(text)).toBe(new RegExp(`^(?:${source})$`, "u").test(text));
    }),
    { numRuns: 3000 },
  );
});
