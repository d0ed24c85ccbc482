import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Characters, isEqualSecret } from "../../../handlers/admin/equal-secret.ts";

/** A text that counts how often its characters are looked at. */
const counted = (text: string): Characters & { readonly looks: () => readonly number[] } => {
  const looks: number[] = [];
  return {
    length: text.length,
    charCodeAt: (index) => {
      looks.push(index);
      return text.charCodeAt(index);
    },
    looks: () => looks,
  };
};

describe("comparison of secrets", () => {
  it("is equality", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(isEqualSecret(a, b)).toBe(a === b);
        expect(isEqualSecret(a, a)).toBe(true);
        expect(isEqualSecret(`${a}x`, a)).toBe(false);
        expect(isEqualSecret(a, `${a}\0`)).toBe(false);
      }),
    );
  });

  it("looks at the same characters, whatever is given: its time tells nothing of a guess", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), (secret, guess) => {
        const guesses = [guess, "", secret, secret.slice(0, -1), `${secret}${guess}`];
        for (const each of guesses) {
          const [given, own] = [counted(each), counted(secret)];
          isEqualSecret(given, own);
          const units = Array.from({ length: secret.length }, (_, index) => index);
          expect(own.looks()).toEqual(units);
          expect(given.looks()).toEqual(units);
        }
      }),
    );
  });
});
