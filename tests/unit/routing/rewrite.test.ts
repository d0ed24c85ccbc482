import { describe, expect, test } from "vitest";
import { ProxyError } from "../../../src/core/errors.ts";
import { type PathRewrite, compileRewrite } from "../../../src/routing/rewrite.ts";
import { match } from "./request.ts";
import { scope } from "./scope.ts";

interface Case extends Partial<PathRewrite> {
  readonly on: string;
  readonly target: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly encodedSlash?: "reject" | "keep";
}

const rewrite = ({ on, target, params = {}, headers = {}, encodedSlash, ...parts }: Case): string => {
  const mark = target.indexOf("?");
  const path = mark === -1 ? target : target.slice(0, mark);
  const query = mark === -1 ? "" : target.slice(mark);
  const compiled = compileRewrite(
    { stripPrefix: false, prefix: undefined, path: undefined, ...parts },
    match(on === "" ? {} : { path: on }),
    encodedSlash,
  );
  return compiled(path, query, scope({ path, query, params, headers }));
};

describe("prefix replacement", () => {
  test.each([
    ["/foo/bar", "/foo/*", "/xyz", "/xyz/bar"],
    ["/foo/bar", "/foo/*", "/xyz/", "/xyz/bar"],
    ["/foo/bar", "/foo//*", "/xyz", "/xyz/bar"],
    ["/foo/bar", "/foo//*", "/xyz/", "/xyz/bar"],
    ["/foo", "/foo/*", "/xyz", "/xyz"],
    ["/foo/", "/foo/*", "/xyz", "/xyz/"],
    ["/foo/bar", "/foo/*", "", "/bar"],
    ["/foo/", "/foo/*", "", "/"],
    ["/foo/", "/foo/*", "/", "/"],
  ])(
    "of %s matched by %s with '%s' gives %s, as Gateway API's table has it",
    (target, on, prefix, expected) => {
      expect(rewrite({ on, target, prefix })).toBe(expected);
    },
  );

  test.each([
    ["/bar", "/*", "/xyz", "/xyz/bar"],
    ["/bar", "", "/xyz", "/xyz/bar"],
    ["/foo", "/foo", "/xyz", "/xyz"],
    ["/u/1/f", "/u/:id/*", "/v", "/v/f"],
    ["/u/123/f/g", "/u/:id/*", "", "/f/g"],
    ["/foo/bar?a=1", "/foo/*", "/xyz", "/xyz/bar?a=1"],
    ["/caf%C3%A9/x", "/café/*", "/thé", "/th%C3%A9/x"],
  ])("of %s matched by '%s' with '%s' gives %s", (target, on, prefix, expected) => {
    expect(rewrite({ on, target, prefix })).toBe(expected);
  });

  test("may hold variables", () => {
    const params = { id: "42" };
    expect(rewrite({ on: "/u/:id/*", target: "/u/42/f", prefix: "/v/${param.id}/", params })).toBe("/v/42/f");
  });
});

test("a prefix that ends in a slash keeps it where nothing follows", () => {
  expect(rewrite({ on: "/foo/*", target: "/foo", prefix: "/xyz/" })).toBe("/xyz/");
});

describe("prefix stripping", () => {
  test.each([
    ["/api/*", "/api/x?y", "/x?y"],
    ["/api/*", "/api", ""],
    ["/api/*", "/api?q=1", "?q=1"],
    ["/api/*", "/api/", "/"],
    ["/a/b/*", "/a/b/c/d", "/c/d"],
    ["", "/a", "/a"],
    ["/api/*", "/api//x", "//x"],
    ["/api/*", "/api///", "///"],
    ["/api/*", "/api/a%2fb", "/a%2fb"],
    ["/u/:id/*", "/u/a%2fb/c", "/c"],
  ])("of %s from %s gives '%s': no slash is added or lost", (on, target, expected) => {
    expect(rewrite({ on, target, stripPrefix: true })).toBe(expected);
    expect(rewrite({ on, target, prefix: "/" })).toBe(expected);
  });
});

describe("path replacement", () => {
  const at = { on: "", target: "/old?q=1" };

  test.each([
    ["/new", "/new?q=1"],
    ["/new?x=2", "/new?x=2"],
    ["/new?", "/new"],
    ["/a b/é<>|?c d#e", "/a%20b/%C3%A9%3C%3E%7C?c%20d%23e"],
    ["/v2${request.path}", "/v2/old?q=1"],
    ["/v2${request.target}", "/v2/old?q=1"],
    ["/v2${request.path}${request.query}", "/v2/old?q=1"],
    ["/s?u=${request.path}&${request.query}", "/s?u=/old&q=1"],
    ["/s?q=${query.q}", "/s?q=1"],
    ["/${request.host}/x", "/shop.example:8443/x?q=1"],
    ["/$${a}", "/$%7Ba%7D?q=1"],
  ])("with %s gives %s", (path, expected) => {
    expect(rewrite({ ...at, path })).toBe(expected);
  });

  test("parameters are put in as they stand", () => {
    expect(rewrite({ ...at, path: "/n/${param.a}", params: { a: "x%20y" } })).toBe("/n/x%20y?q=1");
  });

  test.each([
    ["a&b=c#d", "/s?v=a%26b%3Dc%23d"],
    ["a\r\nb", "/s?v=a%0D%0Ab"],
    ["\u00c3\u00a5", "/s?v=%C3%A5"],
    ["\u00e5", "/s?v=%E5"],
    ["\ud800", "/s?v=%EF%BF%BD"],
  ])("a value %j can't leave its parameter", (v, expected) => {
    expect(rewrite({ ...at, path: "/s?v=${header.v}", headers: { v } })).toBe(expected);
  });

  test.each([
    ["a?b c", "/f/a%3Fb%20c/x?q=1"],
    ["\u00c3\u00a5", "/f/%C3%A5/x?q=1"],
    ["\u00e5", "/f/%E5/x?q=1"],
    ["", "/f//x?q=1"],
  ])("a value %j can't leave its segment", (v, expected) => {
    expect(rewrite({ ...at, path: "/f/${header.v}/x", headers: { v } })).toBe(expected);
  });

  test.each(["..", ".", "../../admin", "a/b", "a\\b", "a\0b", "a\r\nb", "%2e%2e"])(
    "a value %j that would change the path is a bad request",
    (v) => {
      const attempt = (): string => rewrite({ ...at, path: "/f/${header.v}/x", headers: { v } });
      expect(attempt).toThrow(ProxyError);
      expect(attempt).toThrow(/^rewritten path /);
    },
  );

  test.each([
    ["?v=%C3%A5", "/f/%C3%A5"],
    ["?v=%E5", "/f/%E5"],
    ["?v=å", "/f/%E5"],
    ["?v=a+b%20c", "/f/a%20b%20c"],
  ])("a value of the query %s is put in as the bytes it stands for", (query, expected) => {
    expect(rewrite({ ...at, target: `/old${query}`, path: "/f/${query.v}?" })).toBe(expected);
  });

  test.each([
    ["/s?id=${param.id}", "/s?id=a%26admin=1%2B%3Bb"],
    ["/s?u=${request.path}", "/s?u=/a%26admin=1%2B%3Bb"],
    ["/s/${param.id}?", "/s/a&admin=1+;b"],
  ])("%s lets no part of the path become another parameter", (path, expected) => {
    const params = { id: "a&admin=1+;b" };
    expect(rewrite({ on: "", target: "/a&admin=1+;b?q=1", path, params })).toBe(expected);
  });

  test("an encoded slash in a value passes only where the route keeps it", () => {
    const parts = { ...at, path: "/f/${header.v}?", headers: { v: "a/b" } };
    expect(() => rewrite(parts)).toThrow(ProxyError);
    expect(rewrite({ ...parts, encodedSlash: "keep" })).toBe("/f/a%2Fb");
    const escape = { ...parts, encodedSlash: "keep" as const, headers: { v: "../b" } };
    expect(() => rewrite(escape)).toThrow("hides a dot segment");
    const params = { id: "a%2fb" };
    expect(rewrite({ ...at, path: "/f/${param.id}?", params, encodedSlash: "keep" })).toBe("/f/a%2fb");
  });

  test("an encoded slash in the text itself passes", () => {
    expect(rewrite({ ...at, path: "/group%2Fproject/x?" })).toBe("/group%2Fproject/x");
  });

  test("a value that would come first can't name another server", () => {
    expect(rewrite({ ...at, path: "/${header.v}/evil.example" })).toBe("/evil.example?q=1");
  });
});

describe("compileRewrite", () => {
  test("without a path rewrite keeps the target", () => {
    expect(rewrite({ on: "/a/*", target: "/a/b?c" })).toBe("/a/b?c");
  });

  test.each([{ stripPrefix: true }, { prefix: "/x" }, { path: "/x" }])(
    "%j keeps the target that means the whole server",
    (parts) => {
      expect(rewrite({ on: "", target: "*", ...parts })).toBe("*");
    },
  );

  test.each([
    ["new", 'must start with "/"'],
    ["${header.x}/a", 'must start with "/"'],
    ["/a/../b", "makes no valid target"],
    ["/a%5Cb", "makes no valid target"],
    ["/a/${param.x}/..", "makes no valid target"],
    ["/${nope}", "unknown variable"],
  ])("refuses the path %s", (path, message) => {
    expect(() => rewrite({ on: "", target: "/", path })).toThrow(TypeError);
    expect(() => rewrite({ on: "", target: "/", path })).toThrow(message);
  });

  test("accepts a template whose missing values would make a dot segment, and refuses the request", () => {
    const compiled = compileRewrite(
      { stripPrefix: false, prefix: undefined, path: "/a/${query.x}." },
      match(),
    );
    expect(compiled("/", "?x=b", scope({ query: "?x=b" }))).toBe("/a/b.?x=b");
    expect(() => compiled("/", "", scope({ query: "" }))).toThrow(ProxyError);
  });
});
