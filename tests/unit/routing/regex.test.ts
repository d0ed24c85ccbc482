import { describe, expect, it } from "vitest";
import { compileRegex } from "../../../src/routing/regex.ts";

describe("compileRegex", () => {
  it.each([
    ["(?=a)b", '"(?=" (character 1): lookahead is not supported'],
    ["a(?!b)", '"(?!" (character 2): lookahead is not supported'],
    ["x(?<=a)b", '"(?<=" (character 2): lookbehind is not supported'],
    ["(?<!a)b", '"(?<!" (character 1): lookbehind is not supported'],
    ["(a)\\1", '"\\1" (character 4): a back-reference is not supported'],
    ["(?<n>a)\\k<n>", '"\\k" (character 8): a back-reference is not supported'],
    ["(?>a)", '"(?>" (character 1): atomic groups and possessive repetition are not supported'],
    ["a++b", '"++" (character 2): atomic groups and possessive repetition are not supported'],
    ["\\u{61}", '"\\u" (character 1): write "\\x{1F600}"'],
    ["(", "missing closing )"],
    ["a)", "unexpected )"],
    ["[ab", "missing closing ]"],
    ["*a", '"*" (character 1): missing argument to repetition operator'],
    ["x[z-a]", '"z-a" (character 3): invalid character class range'],
    ["\\h", "invalid escape sequence"],
    ["a{1001}", '"{1001}" (character 2): repetition counts go up to 1000'],
    ["(a{20}){30}b{3,2}", '"{3,2}" (character 13): repetition counts go up to 1000'],
    ["(?:a{100}){6}", "more than 500"],
  ])("refuses %s and says why", (source, reason) => {
    expect(() => compileRegex(source)).toThrow(TypeError);
    expect(() => compileRegex(source)).toThrow(reason);
  });

  it("names the syntax where something of another one is not supported", () => {
    expect(() => compileRegex("(?=a)")).toThrow(
      "expressions have RE2's syntax, which is matched in linear time",
    );
  });

  it.each([
    ["b+", "abbc", true],
    ["^b+$", "abbc", false],
    ["bot|crawler", "Googlebot/2.1", true],
    ["(?i)BOT", "Googlebot/2.1", true],
    ["a\\-b\\/c\\:", "a-b/c:", true],
    ["\\bfoo\\b", "a foo b", true],
    ["\\bfoo\\b", "afoo", false],
    ["^\\p{L}+$", "é", true],
    ["^.$", "\u{1f600}", true],
    ["\\x{1F600}", "\u{1f600}", true],
    ["^[^\\x00-\\x7f]+$", "\u00c3\u00a9", true],
    ["^\\d{1,3}(,\\d{3})*$", "1,234,567", true],
    ["^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$", "123e4567-e89b-12d3-a456-426614174000", true],
    ["^(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)\\.){3}\\d+$", "192.0.2.1", true],
    ["", "", true],
  ])("%s on %s is %s", (source, value, matches) => {
    expect(compileRegex(source).test(value)).toBe(matches);
  });

  it("of the whole value leaves nothing before and after", () => {
    const regex = compileRegex("a|ab", "whole");
    expect(["a", "ab", "abc", "xa", ""].map((value) => regex.test(value))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it("tells where its named groups matched, without those that took no part", () => {
    const regex = compileRegex("/(?<kind>a|b)/(?P<id>\\d+)(?:/(?<more>.*))?", "whole");
    expect(regex.groups).toEqual(["kind", "id", "more"]);
    expect(Object.fromEntries(regex.spans("/b/42"))).toEqual({ kind: [1, 2], id: [3, 5] });
    expect(regex.spans("/c/42").size).toBe(0);
  });

  /** Backtracking needs from seconds to the age of the universe for each of these. */
  it.each([
    ["^(\\w+\\s?)*$", `${"a".repeat(32_000)}!`],
    ["(a+)+$", `${"a".repeat(32_000)}b`],
    ["^(a|a)*$", `${"a".repeat(32_000)}b`],
    ["(x+x+)+y", "x".repeat(32_000)],
    [".*Chrome.*Mobile", "Chrome".repeat(5400)],
    [".*.*.*.*x", "a".repeat(32_000)],
    ["(?:.*,){20}x", "a,".repeat(16_000)],
    ["(?:a?){50}a{50}b", "a".repeat(32_000)],
    ["^(([a-z])+.)+[A-Z]([a-z])+$", "a".repeat(32_000)],
  ])("%s ends on a value made for it", (source, value) => {
    expect(compileRegex(source).test(value)).toBe(false);
  });
});
