import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compileRegex } from "../../src/routing/regex.ts";

const isExpression = (source: string): boolean => {
  try {
    return new RegExp(source, "u") instanceof RegExp;
  } catch {
    return false;
  }
};

const piece = fc.constantFrom(
  ..."abc.*+?|()[]{}^$\\-/é",
  ..."\\d,\\w,\\-,\\u{61},(?:,(?=,(?<!,(?<n>,\\k<n>,\\1,{2},{1,},{,3},[^,\\p{L}".split(","),
);

test("an expression is taken as JavaScript takes it, unless it takes exponential time", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
      const source = pieces.join("");
      let refusal = "";
      try {
        compileRegex(source);
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
        refusal = String(error);
      }
      expect(refusal === "" || refusal.includes("exponential")).toBe(isExpression(source));
    }),
    { numRuns: 3000 },
  );
});

/** Every way in which it can match is decided by the next character. */
const word = fc.stringMatching(/^[a-z]{1,4}$/);
test("repeated words between separators are never refused", () => {
  fc.assert(
    fc.property(
      word,
      fc.constantFrom("*", "+", "{2,}", "{1,9}"),
      fc.constantFrom("*", "+"),
      (one, inner, outer) => {
        expect(() => compileRegex(`^(?:(?:${one})${inner}[-_.])${outer}$`)).not.toThrow();
      },
    ),
  );
});
