import { describe, expect, test } from "vitest";
import { NO_EDITS } from "../../../src/http/header-edits.ts";
import { compileHeaderEdits } from "../../../src/routing/header-template.ts";
import { scope } from "./scope.ts";

const none = { set: {}, append: {}, remove: [] };

describe("compileHeaderEdits", () => {
  test("nothing to edit is the shared empty edit", () => {
    expect(compileHeaderEdits(none).constant).toBe(NO_EDITS);
  });

  test("set drops and adds, append adds, remove drops, names in lower case", () => {
    const { constant } = compileHeaderEdits({
      set: { "X-A": "1" },
      append: { Vary: ["accept", "origin"] },
      remove: ["X-Gone"],
    });
    expect(constant).toEqual({
      drop: new Set(["x-gone", "x-a"]),
      fallback: [],
      add: ["x-a", "1", "vary", "accept", "vary", "origin"],
    });
  });

  test("constant edits are the same object for every request", () => {
    const edits = compileHeaderEdits({ ...none, set: { a: "1" } });
    expect(edits.render(scope())).toBe(edits.constant);
  });

  test("variables are rendered per request, missing ones as nothing", () => {
    const edits = compileHeaderEdits({ ...none, set: { a: "${client.address}", b: "${header.x}" } });
    expect(edits.constant).toBeUndefined();
    expect(edits.render(scope()).add).toEqual(["a", "203.0.113.7", "b", ""]);
  });

  test.each([
    [
      "line breaks from a decoded query",
      "${query.v}",
      { query: "?v=a%0d%0aset-cookie:x%00" },
      "a%0D%0Aset-cookie:x%00",
    ],
    ["characters from a decoded query", "${query.v}", { query: "?v=%C3%A9%E2%82%AC" }, "%C3%A9%E2%82%AC"],
    ["line breaks in a header", "${header.v}", { headers: { v: "a\r\nb\0" } }, "a%0D%0Ab%00"],
    ["characters above U+00FF in a header", "${header.v}", { headers: { v: "é€" } }, "é%E2%82%AC"],
    ["bytes of a header as they came", "${header.v}", { headers: { v: "\u00c3\u00a5" } }, "\u00c3\u00a5"],
    ["bytes of a cookie as they came", "${cookie.v}", { headers: { cookie: "v=\u00e5" } }, "\u00e5"],
    ["bytes from a decoded query", "${query.v}", { query: "?v=%E5" }, "%E5"],
    ["a lone surrogate in a header", "${header.v}", { headers: { v: "\ud800" } }, "%EF%BF%BD"],
    ["tabs", "${header.v}", { headers: { v: "a\tb" } }, "a\tb"],
  ])("rendered value carries %s safely", (_, value, parts, expected) => {
    expect(compileHeaderEdits({ ...none, set: { x: value } }).render(scope(parts)).add[1]).toBe(expected);
  });

  test.each(["a\r\nb", "a\0", "a\u007f", "€"])("value %j is refused", (value) => {
    expect(() => compileHeaderEdits({ ...none, set: { "x-a": value } })).toThrow(
      'value of header "x-a" holds a character that no header field can carry',
    );
  });

  test("an unknown variable is refused", () => {
    expect(() => compileHeaderEdits({ ...none, append: { a: ["${nope}"] } })).toThrow(TypeError);
  });
});
