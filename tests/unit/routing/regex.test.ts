import { describe, expect, it } from "vitest";
import { compileRegex } from "../../../src/routing/regex.ts";

describe("compileRegex", () => {
  it.each([
    ["a\\-b", '"\\-" (character 2) is no escape'],
    ["[ab] \\:", '"\\:" (character 6) is no escape'],
    ["[a\\:]", '"\\:" (character 3) is no escape'],
    ["\\_", '"\\_" (character 1) is no escape'],
    ["a{,5}", "quantifier"],
    ["[\\d-x]", "character class"],
    ["(", "unterminated group"],
  ])("refuses %s and says why", (source, reason) => {
    expect(() => compileRegex(source)).toThrow(TypeError);
    expect(() => compileRegex(source)).toThrow(reason);
  });

  it("says where an expression takes exponential time", () => {
    expect(() => compileRegex("^(\\w+\\s?)*$")).toThrow('around "\\w" (character 3)');
  });

  it.each([
    "(a+)+$",
    "(a*)*b",
    "(a|a)*$",
    "(a|ab|b)*$",
    "(a|aa)+$",
    "^(a?b?)*$",
    "(x+x+)+y",
    "(.*)*x",
    "(a|[^b])*$",
    "(é|[é])*x",
    "(?:a{2,})*b",
    "^(\\d{1,3})+$",
    "(\\d+|\\w+)*$",
    "^([a-z0-9]+)*@",
    "((a+)+b)*x",
    "^(?:(a+)+b)*",
    "(?=(a+)+$)a",
    "(?i:(a+)+)$",
    "(?<name>[a-z]+\\d*)*!",
    "^(\\w{1,20}\\s?){1,20}$",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "^(?:\\s*[^,;]+\\s*[,;])*$",
  ])("refuses %s, which takes exponential time", (source) => {
    expect(() => compileRegex(source)).toThrow("exponential");
  });

  it.each([
    "",
    "bot",
    "a\\|b",
    ".*bot.*",
    "[^]*",
    "[\\]a]+b",
    "(?:)*x",
    "^.{1,64}$",
    "\\bfoo\\b",
    "(\\w+);\\1",
    "(a*)*",
    "^(a+)+",
    "^((a|a)b)*",
    "^((ab)*c)*$",
    "(?:a{3})*b",
    "\\u{1F600}+",
    "^(?!internal-)[a-z-]+$",
    "^Bearer\\s+\\S+$",
    "^(GET|POST|PUT)( .*)?$",
    "^\\d{1,3}(,\\d{3})*$",
    '(?:[^"\\\\]|\\\\.)*"',
    "(?:iPhone|iPad|Android).*Mobile",
    "^\\p{L}+(?: \\p{L}+)*$",
    "^(?:\\w+\\s)*\\w+$",
    "^(?:[a-z0-9]+-)*[a-z0-9]+$",
    "^[a-z0-9]+(?:[-_.][a-z0-9]+)*$",
    "^/api/v\\d+(/[^/]+)*/?$",
    "^[\\w.+-]+@[\\w-]+\\.[\\w.-]+$",
    "^(\\d{1,3}\\.){3}\\d{1,3}$",
    "^(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)(?:\\.(?!$)|$)){4}$",
    "^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$",
    "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
    "^(?:en|de|fr)(?:[-_][A-Z]{2})?(?:,\\s*(?:en|de|fr)(?:;q=0\\.\\d+)?)*$",
    "^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)(?:-((?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\\.(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?$",
  ])("takes %s, which does not", (source) => {
    expect(compileRegex(source)).toEqual(new RegExp(source, "u"));
  });

  it("takes an expression that is too large to look into", () => {
    const source = `^(?:${Array.from({ length: 100 }, (_, i) => `word-${i}`).join("|")})*$`;
    expect(compileRegex(source).test("word-1word-99")).toBe(true);
  });
});
