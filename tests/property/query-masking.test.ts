/** Masking of queries against a reference that takes its time. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isCredentialName } from "../../src/http/credentials.ts";
import { MASK, maskQuery } from "../../src/observe/query-masking.ts";

const decoded = (text: string): string =>
  text
    .replaceAll("+", " ")
    .replaceAll(/%[0-9a-f]{2}/gi, (byte) => String.fromCharCode(Number.parseInt(byte.slice(1), 16)));

const decodings = (text: string): string[] => {
  const [once, twice] = [decoded(text), decoded(decoded(text))];
  return [text, once, twice, decoded(twice)];
};

const END = /[&;#?/\s"'\\,{}()<>]+/;

/** What is before each "=", and before each ":" behind a quote, back to where a name can't go on. */
const namesIn = (text: string): string[] =>
  Array.from(text.matchAll(/=|:/g), ({ 0: mark, index }) => {
    const before = text.slice(text.slice(0, index).search(/[^=]*$/), index);
    if (mark === ":" && !/" *$/.test(before)) return "";
    return before.split(END).findLast((word) => word !== "") ?? "";
  });

const holds = (value: string): boolean =>
  decodings(value).some((text) => /\/\/[^\s/?#]*@/.test(text) || namesIn(text).some(isCredentialName));

const maskedPair = (pair: string): string => {
  const [, first = "", equals = "", value = ""] = /^([^=]*)(=?)([^]*)$/.exec(pair) ?? [];
  const pieces = first.split("?");
  const last = pieces.pop() ?? "";
  const before = pieces.map((piece) => `${piece !== "" && holds(piece) ? MASK : piece}?`).join("");
  if (equals === "") return before + (holds(last) ? MASK : last);
  return `${before}${last}=${decodings(last).some(isCredentialName) || holds(value) ? MASK : value}`;
};

const reference = (query: string): string =>
  query
    .split(/([&;#])/)
    .map((part, index) => (index % 2 === 1 ? part : maskedPair(part)))
    .join("");

const query = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...Array.from("?&;#=/:@\"' %+{}\\")) },
      {
        weight: 2,
        arbitrary: fc.constantFrom("token", "code", "zipcode", "apiKey", "x", "a b", "1", "https://u:p@h"),
      },
      {
        weight: 1,
        arbitrary: fc.constantFrom("%3D", "%3f", "%253d", "%25252540", "%2", "%74oken", "%22", "%3A", "%40"),
      },
    ),
    { maxLength: 14 },
  )
  .map((parts) => `?${parts.join("")}`);

test("masking of a query does what the reference does", () => {
  fc.assert(
    fc.property(query, (text) => {
      expect(maskQuery(text, isCredentialName)).toBe(reference(text));
    }),
    { numRuns: 5_000 },
  );
});

test("masking of a query asks about each of its characters a bounded number of times", () => {
  fc.assert(
    fc.property(query, fc.integer({ min: 1, max: 200 }), (text, times) => {
      const long = text.repeat(times);
      let asked = 0;
      maskQuery(long, (name) => {
        asked += name.length;
        return false;
      });
      // As a name and as part of a value, each decoded up to three times.
      expect(asked).toBeLessThanOrEqual(8 * long.length);
    }),
  );
});
