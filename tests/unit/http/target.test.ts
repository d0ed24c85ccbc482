import { describe, expect, it } from "vitest";
import { normaliseTarget } from "../../../src/http/target.ts";

describe("normaliseTarget", () => {
  it.each([
    ["/", "/"],
    ["", "/"],
    ["?a=b", "/?a=b"],
    ["/a/b?c=d", "/a/b?c=d"],
    ["/a/./b/../c", "/a/c"],
    ["/a/%2e/b/%2E%2e/c", "/a/c"],
    ["/../../a", "/a"],
    ["/a/..", "/"],
    ["/a/b/..", "/a/"],
    ["/a/.", "/a/"],
    ["/.well-known/x", "/.well-known/x"],
    ["/..a/b..", "/..a/b.."],
    ["/%7Euser/%41", "/~user/A"],
    ["/%c3%a9", "/%C3%A9"],
    ["/a%20b", "/a%20b"],
    ["/a//b///c/", "/a//b///c/"],
    ['/{a}|"b"', "/%7Ba%7D%7C%22b%22"],
    ["/a[1];v=1,2:3@x", "/a[1];v=1,2:3@x"],
    ["/100%25", "/100%25"],
    ["/100%25zz", "/100%25zz"],
    ["/a?b=%2f&c=../x", "/a?b=%2f&c=../x"],
    ["/@scope%2fname/./x", "/@scope%2fname/x"],
    ["/group%2Fproject", "/group%2Fproject"],
    ["/a%2F%2fb", "/a%2F%2fb"],
    ["/a%2Fb/../c", "/c"],
    ["/a?%", "/a?%"],
    ["/a?b\\c", "/a?b\\c"],
    ["/a?", "/a?"],
    ["*", "*"],
  ])("brings %j into its one spelling %j", (raw, target) => {
    const result = normaliseTarget(raw);
    expect(result).toMatchObject({ ok: true, target });
    expect("path" in result && result.path + result.query).toBe(target);
  });

  it.each([
    ["dots behind an encoded slash", "/a%2f..%2fb"],
    ["dots in front of an encoded slash", "/a/..%2Fb"],
    ["dots between an encoded slash and a slash", "/a%2F../b"],
    ["a dot at the end behind an encoded slash", "/a%2f."],
    ["encoded dots behind an encoded slash", "/a%2f%2e%2e"],
    ["dots behind an encoded slash with a parameter", "/a%2f..;x"],
    ["double-encoded slash", "/a%252fb"],
    ["encoded backslash beside an encoded slash", "/a%2f%5cb"],
    ["encoded backslash", "/a%5cb"],
    ["raw backslash", "/a\\b"],
    ["encoded NUL", "/a%00"],
    ["encoded line break", "/a%0d%0ab"],
    ["encoded DEL", "/a%7f"],
    ["double encoding", "/%252e%252e/"],
    ["double encoding in disguise", "/%25%32%65"],
    ["malformed escape", "/%zz"],
    ["escape cut short", "/a%2"],
    ["lone percent sign", "/%"],
    ["leading double slash", "//evil.example/x"],
    ["leading double slash behind a dot", "/.//evil.example"],
    ["leading double slash behind dots", "/a/..//evil.example"],
    ["dots behind a parameter", "/a/..;x=1/b"],
    ["dot behind a parameter", "/a/.;/b"],
    ["dots behind an encoded parameter", "/a/..%3b/b"],
    ["encoded dots behind a parameter", "/%2e%2e;/b"],
    ["raw space", "/a b"],
    ["raw NUL", "/a\u0000"],
    ["raw line break", "/a\r\nHost: x"],
    ["tab", "/a\tb"],
    ["fragment", "/a#b"],
    ["fragment in the query", "/a?b#c"],
    ["space in the query", "/a?b c"],
    ["control in the query", "/a?b\u0001"],
    ["DEL in the query", "/a?\u007f"],
    ["byte outside of ASCII", "/\u00e9"],
    ["bytes of UTF-8", "/\u00c3\u00a9"],
    ["character outside of ASCII", "/\u20ac"],
    ["byte outside of ASCII in the query", "/?\u00e9"],
    ["character outside of ASCII in the query", "/?\u20ac"],
    ["absolute form", "http://example.com/"],
    ["authority form", "example.com:443"],
    ["relative path", "a/b"],
    ["asterisk and more", "*a"],
    ["asterisk with query", "*?a"],
  ])("refuses %s", (_, raw) => {
    expect(normaliseTarget(raw)).toMatchObject({ ok: false });
  });

  it("returns an ordinary target as the same string", () => {
    const raw = "/v1/users/123?x=1";
    expect(normaliseTarget(raw)).toEqual({
      ok: true,
      target: raw,
      path: "/v1/users/123",
      query: "?x=1",
      encodedSlash: false,
    });
  });

  it.each([
    ["/a%2fb", true],
    ["/a%2Fb?c", true],
    ["/a?b=%2f", false],
    ["/a%2Fb/..", false],
    ["/", false],
  ])("tells whether the path of %s holds an encoded slash", (raw, encodedSlash) => {
    expect(normaliseTarget(raw)).toMatchObject({ ok: true, encodedSlash });
  });

  it("says why it refuses", () => {
    expect(normaliseTarget("/%5c")).toEqual({
      ok: false,
      reason: "path holds an encoded backslash or control character",
    });
    expect(normaliseTarget("/é")).toEqual({
      ok: false,
      reason: "path holds a character above 0x7f, which has to be percent-encoded",
    });
  });
});
