import { describe, expect, test } from "vitest";
import type { RouteMatch } from "../../../src/routing/match.ts";
import { compileRouter } from "../../../src/routing/router.ts";
import { exactly, expression, match, present, regex, request } from "./request.ts";

type Matches = Readonly<Record<string, RouteMatch>>;

const router = (matches: Matches) =>
  compileRouter(Object.entries(matches).map(([value, match]) => ({ match, value })));

/** Name of the route found, or why there is none. */
const find = (matches: Matches, parts: Parameters<typeof request>[0] = {}): string => {
  const result = router(matches).find(request(parts));
  return result.kind === "found" ? result.value : result.kind;
};

describe("router by path", () => {
  test.each([
    ["/v1/*", "/v1", true],
    ["/v1/*", "/v1/", true],
    ["/v1/*", "/v1/x/y", true],
    ["/v1/*", "/v10", false],
    ["/v1/*", "/V1", false],
    ["/v1/*", "/", false],
    ["/*", "/", true],
    ["/*", "/any/thing", true],
    ["/a", "/a", true],
    ["/a", "/a/", false],
    ["/a/", "/a/", true],
    ["/a/", "/a", false],
    ["/", "/", true],
    ["/", "/a", false],
    ["/users/:id", "/users/42", true],
    ["/users/:id", "/users/", false],
    ["/users/:id", "/users", false],
    ["/users/:id", "/users/42/", false],
    ["/users/:id", "/users/42/files", false],
    ["/users/:id/*", "/users/42", true],
    ["/users/:id/*", "/users/42/files/1", true],
    ["/users/:id/*", "/users/", false],
    ["/:a/x/:b", "/1/x/2", true],
    ["/:a/x/:b", "/1/y/2", false],
    ["/café", "/caf%C3%A9", true],
    ["/a b", "/a%20b", true],
    ["/%61", "/a", true],
  ])("%s on %s is %s", (path, target, matches) => {
    expect(find({ it: match({ path }) }, { target })).toBe(matches ? "it" : "no-route");
  });

  test("a prefix written with a trailing slash is the same prefix", () => {
    const written = { it: { ...match(), path: { kind: "prefix", value: "/v1/" } as const } };
    expect(find(written, { target: "/v1" })).toBe("it");
    expect(find(written, { target: "/v10" })).toBe("no-route");
  });

  test("the whole server (*) is taken only by what takes every path", () => {
    expect(find({ root: match({ path: "/" }), all: match() }, { method: "OPTIONS", target: "*" })).toBe(
      "all",
    );
  });

  test.each([
    ["/a/b", "exact"],
    ["/a/c", "parameter"],
    ["/a/c/d", "long prefix"],
    ["/a", "long prefix"],
    ["/b", "short prefix"],
  ])("%s gets the most specific route: %s", (target, expected) => {
    const routes = {
      "short prefix": match({ path: "/*" }),
      "long prefix": match({ path: "/a/*" }),
      parameter: match({ path: "/a/:x" }),
      exact: match({ path: "/a/b" }),
    };
    expect(find(routes, { target })).toBe(expected);
  });

  test("an early literal counts more than a later one", () => {
    const routes = { late: match({ path: "/:x/b/c" }), early: match({ path: "/a/:y/:z" }) };
    expect(find(routes, { target: "/a/b/c" })).toBe("early");
  });

  test("a dead end of literals gives way to parameters further up", () => {
    const routes = { literal: match({ path: "/a/b/c" }), parameter: match({ path: "/:x/b/d" }) };
    expect(find(routes, { target: "/a/b/d" })).toBe("parameter");
  });
});

describe("router's parameters", () => {
  const params = (path: string, target: string): unknown => {
    const result = router({ it: match({ path }) }).find(request({ target }));
    return result.kind === "found" ? { ...result.params } : result.kind;
  };

  test("are the segments as they stand, still encoded", () => {
    expect(params("/u/:id/f/:name", "/u/4%202/f/x.y")).toEqual({ id: "4%202", name: "x.y" });
    expect(params("/u/:id/*", "/u/42/rest")).toEqual({ id: "42" });
  });

  test("routes that share segments bind their own names", () => {
    const shared = router({
      post: match({ path: "/u/:b", methods: ["POST"] }),
      get: match({ path: "/u/:a" }),
    });
    expect(shared.find(request({ target: "/u/1" }))).toMatchObject({ value: "get", params: { a: "1" } });
    expect(shared.find(request({ method: "POST", target: "/u/1" }))).toMatchObject({ params: { b: "1" } });
  });

  test("are nothing, not even inherited, where nothing is bound", () => {
    const result = router({ it: match() }).find(request());
    expect(result.kind === "found" && "constructor" in result.params).toBe(false);
  });
});

describe("router by host", () => {
  const hosts = (...names: string[]): RouteMatch => match({ hosts: names });

  test.each([
    ["shop.example", "exact"],
    ["x.shop.example", "long wildcard"],
    ["y.x.shop.example", "long wildcard"],
    ["x.example", "short wildcard"],
    ["example", "any"],
    ["myshop.example", "short wildcard"],
    ["", "any"],
  ])("%s gets the most specific host: %s", (host, expected) => {
    const routes = {
      any: match(),
      "short wildcard": hosts("*.example"),
      "long wildcard": hosts("*.shop.example"),
      exact: hosts("shop.example"),
    };
    expect(find(routes, { host })).toBe(expected);
  });

  test("host names in config are compared without case", () => {
    expect(find({ it: hosts("Shop.Example") })).toBe("it");
  });

  test("host counts more than path", () => {
    const routes = { path: match({ path: "/a" }), host: match({ hosts: ["shop.example"], path: "/*" }) };
    expect(find(routes, { target: "/a" })).toBe("host");
  });

  test("a host without a fitting path gives way to less specific hosts", () => {
    const routes = { named: match({ hosts: ["shop.example"], path: "/a" }), wild: hosts("*.example") };
    expect(find(routes, { target: "/b" })).toBe("wild");
  });

  test("any of several hosts will do", () => {
    expect(find({ it: hosts("a.example", "*.b.example") }, { host: "x.b.example" })).toBe("it");
  });
});

describe("router by method", () => {
  test("a method match comes before none", () => {
    expect(find({ any: match(), get: match({ methods: ["GET"] }) })).toBe("get");
  });

  test("HEAD is implied by GET", () => {
    expect(find({ any: match(), get: match({ methods: ["GET"] }) }, { method: "HEAD" })).toBe("get");
  });

  test("a route that names HEAD takes it from one that names GET", () => {
    const routes = { get: match({ methods: ["GET"] }), head: match({ methods: ["HEAD"] }) };
    expect(find(routes, { method: "HEAD" })).toBe("head");
    expect(find(routes)).toBe("get");
  });

  test("OPTIONS is not implied, and methods are case-sensitive", () => {
    const routes = { get: match({ methods: ["GET"] }) };
    expect(find(routes, { method: "OPTIONS" })).toBe("method-not-allowed");
    expect(find(routes, { method: "get" })).toBe("method-not-allowed");
  });

  test("a method that no fitting route takes is answered with all that they take", () => {
    const routes = {
      get: match({ path: "/a", methods: ["GET"] }),
      put: match({ path: "/*", methods: ["PUT", "GET"] }),
      host: match({ hosts: ["*.example"], methods: ["DELETE"] }),
      elsewhere: match({ path: "/b", methods: ["PATCH"] }),
      "with header": match({ methods: ["LINK"], headers: [present("x-a")] }),
    };
    expect(router(routes).find(request({ method: "POST", target: "/a" }))).toEqual({
      kind: "method-not-allowed",
      allow: ["DELETE", "GET", "HEAD", "PUT"],
    });
  });

  test("a less specific route that takes the method is found instead", () => {
    const routes = { get: match({ path: "/a", methods: ["GET"] }), all: match() };
    expect(find(routes, { method: "POST", target: "/a" })).toBe("all");
  });

  test("a route that fails on more than the method says nothing about methods", () => {
    const routes = { get: match({ methods: ["GET"], headers: [exactly("x-env", "test")] }) };
    expect(find(routes, { method: "POST" })).toBe("no-route");
  });
});

describe("router by a wildcard in the middle of a path", () => {
  test.each([
    ["/users/*/posts", "/users/1/posts", true],
    ["/users/*/posts", "/users//posts", false],
    ["/users/*/posts", "/users/1/2/posts", false],
    ["/users/*/posts", "/users/1/posts/2", false],
    ["/users/*/posts/*", "/users/1/posts/2/3", true],
    ["/users/*/posts/*", "/users/1/posts", true],
    ["/*/:id", "/a/b", true],
  ])("%s on %s is %s", (path, target, matches) => {
    expect(find({ it: match({ path }) }, { target })).toBe(matches ? "it" : "no-route");
  });

  test("binds what has a name, and comes where a parameter would", () => {
    const routes = {
      literal: match({ path: "/a/b/c" }),
      wildcard: match({ path: "/*/:id/c" }),
      prefix: match({ path: "/a/*" }),
    };
    const found = (target: string): unknown => router(routes).find(request({ target }));
    expect(found("/a/b/c")).toMatchObject({ value: "literal" });
    expect(found("/x/7/c")).toMatchObject({ value: "wildcard", params: { id: "7" } });
    expect(Object.keys((found("/x/7/c") as { params: object }).params)).toEqual(["id"]);
    expect(found("/a/7/c")).toMatchObject({ value: "prefix" });
  });
});

describe("router by an expression of the path", () => {
  const routes = {
    exact: match({ path: "/a/1" }),
    number: match({ path: expression("/(?<kind>[a-z]+)/(?<id>\\d+)") }),
    php: match({ path: expression(".*\\.php"), methods: ["GET"] }),
    pattern: match({ path: "/:kind/:id" }),
    prefix: match({ path: "/a/*" }),
    all: match(),
  };

  test.each([
    ["/a/1", "exact"],
    ["/a/2", "number"],
    ["/a/x.php", "php"],
    ["/a/x.phps", "prefix"],
    ["/b/x", "pattern"],
    ["/b/c/2", "all"],
  ])("%s goes to %s", (target, expected) => {
    expect(find(routes, { target })).toBe(expected);
  });

  test("gives way where the method fails, and counts for what is allowed", () => {
    expect(find(routes, { target: "/a/x.php", method: "PUT" })).toBe("prefix");
    const { php } = routes;
    expect(router({ php }).find(request({ target: "/x.php", method: "PUT" }))).toMatchObject({
      allow: ["GET", "HEAD"],
    });
    expect(router({ php }).find(request({ target: "/x", method: "PUT" }))).toEqual({ kind: "no-route" });
  });

  test("of a more specific host comes first, whatever the path", () => {
    const hosts = {
      regex: match({ path: expression("/.*") }),
      host: match({ hosts: ["shop.example"] }),
    };
    expect(find(hosts, { target: "/a" })).toBe("host");
  });

  test("among several the usual order decides", () => {
    const several = {
      first: match({ path: expression("/a.*") }),
      second: match({ path: expression("/ab.*") }),
      header: match({ path: expression("/.*"), headers: [present("x-a")] }),
    };
    expect(find(several, { target: "/abc" })).toBe("first");
    expect(find(several, { target: "/abc", pairs: ["x-a", ""] })).toBe("header");
  });

  test("binds its named groups as they stand in the path", () => {
    const tenants = { it: match({ path: expression("/(?<tenant>[^/]+)(?:/(?<rest>.*))?") }) };
    const params = (target: string): object => {
      const found = router(tenants).find(request({ target }));
      return found.kind === "found" ? { ...found.params } : {};
    };
    expect(params("/caf%C3%A9/x/y")).toEqual({ tenant: "caf%C3%A9", rest: "x/y" });
    expect(params("/a%2fb")).toEqual({ tenant: "a%2fb" });
  });

  test("does not take the whole server", () => {
    expect(find({ it: match({ path: expression(".*") }) }, { target: "*", method: "OPTIONS" })).toBe(
      "no-route",
    );
  });
});

describe("router with encoded slashes", () => {
  test.each(["/scope%2fname", "/scope%2Fname"])("%s is one segment, in either case the same", (target) => {
    const routes = {
      exact: match({ path: "/scope%2Fname", headers: [present("x-exact")] }),
      pattern: match({ path: "/:package" }),
      split: match({ path: "/scope/*" }),
    };
    expect(find(routes, { target, pairs: ["x-exact", ""] })).toBe("exact");
    expect(router(routes).find(request({ target }))).toMatchObject({
      value: "pattern",
      params: { package: target.slice(1) },
    });
  });
});

describe("router that passes over routes", () => {
  const routes = {
    first: match({ path: "/a" }),
    second: match({ path: "/*" }),
    post: match({ methods: ["POST"] }),
  };

  test("finds the next one that holds", () => {
    const names = (...passedOver: string[]): unknown => {
      const found = router(routes).find(request({ target: "/a" }), new Set(passedOver));
      return found.kind === "found" ? found.value : found.kind;
    };
    expect(names()).toBe("first");
    expect(names("first")).toBe("second");
    expect(names("first", "second")).toBe("method-not-allowed");
  });
});

describe("router by header, query and cookie", () => {
  test.each([
    ["exact header", { headers: [exactly("x-env", "test")] }, { pairs: ["X-Env", "test"] }, true],
    ["other value", { headers: [exactly("x-env", "test")] }, { pairs: ["x-env", "Test"] }, false],
    ["absent header", { headers: [exactly("x-env", "test")] }, {}, false],
    [
      "repeated header, joined",
      { headers: [exactly("x-a", "1, 2")] },
      { pairs: ["x-a", "1", "X-A", "2"] },
      true,
    ],
    ["header present", { headers: [present("x-a")] }, { pairs: ["x-a", ""] }, true],
    ["header that must be absent", { headers: [present("x-a", false)] }, { pairs: ["x-a", "1"] }, false],
    ["header absent as asked", { headers: [present("x-a", false)] }, {}, true],
    ["regex anywhere", { headers: [regex("x-a", "b+")] }, { pairs: ["x-a", "abbc"] }, true],
    ["regex anchored", { headers: [regex("x-a", "^b+$")] }, { pairs: ["x-a", "abbc"] }, false],
    ["regex on nothing", { headers: [regex("x-a", ".*")] }, {}, false],
    [
      "regex on a long value",
      { headers: [regex("x-a", "b$")] },
      { pairs: ["x-a", `${"a".repeat(30_000)}b`] },
      true,
    ],
    ["regex on query", { query: [regex("q", "^\\p{L}+$")] }, { target: "/?q=%C3%A9" }, true],
    ["query", { query: [exactly("a", "1")] }, { target: "/?b=2&a=1" }, true],
    ["query's first value", { query: [exactly("a", "2")] }, { target: "/?a=1&a=2" }, false],
    ["query decoded", { query: [exactly("a b", "c d&")] }, { target: "/?a+b=c%20d%26" }, true],
    ["query name's case", { query: [exactly("A", "1")] }, { target: "/?a=1" }, false],
    ["query without value", { query: [exactly("a", "")] }, { target: "/?a" }, true],
    ["query absent", { query: [present("a")] }, { target: "/?aa=1&b=a" }, false],
    ["query malformed", { query: [exactly("a", "%zz é")] }, { target: "/?a=%zz+%C3%A9" }, true],
    ["cookie", { cookies: [exactly("sid", "1")] }, { pairs: ["Cookie", "a=b; sid=1"] }, true],
    [
      "cookie's first value",
      { cookies: [exactly("sid", "2")] },
      { pairs: ["cookie", "sid=1; sid=2"] },
      false,
    ],
    [
      "cookies in two fields",
      { cookies: [exactly("b", "2")] },
      { pairs: ["cookie", "a=1", "cookie", "b=2"] },
      true,
    ],
    ["cookie whose name ends alike", { cookies: [present("id")] }, { pairs: ["cookie", "sid=1"] }, false],
    ["no cookies at all", { cookies: [present("id", false)] }, {}, true],
  ] as const)("%s", (_, parts, asked, matches) => {
    expect(find({ it: match(parts) }, asked)).toBe(matches ? "it" : "no-route");
  });

  test("method, then headers, query, cookies, and the order decide, in this order", () => {
    const all = { pairs: ["a", "1", "b", "1", "cookie", "a=1"], target: "/?a=1&b=1" };
    const last = match();
    const cookies = match({ cookies: [present("a")] });
    const query = match({ query: [present("a")] });
    const queries = match({ query: [present("a"), present("b")] });
    const header = match({ headers: [present("a")] });
    const headers = match({ headers: [present("a"), present("b")] });
    const method = match({ methods: ["GET"] });
    const order = [method, headers, header, queries, query, cookies, last];
    for (let from = 0; from < order.length; from++) {
      const rest = order.slice(from).reverse();
      const named = Object.fromEntries(rest.map((it) => [`route ${order.indexOf(it)}`, it]));
      expect(find(named, all)).toBe(`route ${from}`);
    }
    expect(find({ first: match(), second: match() })).toBe("first");
  });

  test("a more specific route whose header fails gives way", () => {
    const routes = { "/a": match({ path: "/a", headers: [exactly("x", "1")] }), all: match() };
    expect(find(routes, { target: "/a" })).toBe("all");
    expect(find(routes, { target: "/a", pairs: ["x", "1"] })).toBe("/a");
  });
});

describe("router of many routes on one path", () => {
  const tenants = Array.from({ length: 40 }, (_, i): [string, RouteMatch] => [
    `tenant ${i}`,
    match({ headers: [exactly("x-tenant", `t${i}`)], methods: i % 2 === 0 ? ["GET"] : undefined }),
  ]);
  const routes = Object.fromEntries<RouteMatch>([
    ...tenants,
    ["beta", match({ headers: [exactly("x-tenant", "t7"), present("x-beta")] })],
    ["cookie", match({ cookies: [exactly("tenant", "t1")] })],
    ["rest", match()],
  ]);

  test.each([
    ["its header", { pairs: ["x-tenant", "t39"] }, "tenant 39"],
    ["a header asked for together with another", { pairs: ["x-tenant", "t7", "x-beta", ""] }, "beta"],
    ["another place's value", { pairs: ["cookie", "tenant=t1"] }, "cookie"],
    [
      "several values, the more specific one",
      { pairs: ["x-tenant", "t3", "cookie", "tenant=t1"] },
      "tenant 3",
    ],
    ["a value nobody asks for", { pairs: ["x-tenant", "t99"] }, "rest"],
    ["a value under another method", { pairs: ["x-tenant", "t4"], method: "PUT" }, "rest"],
  ])("finds by %s", (_, parts, expected) => {
    expect(find(routes, parts)).toBe(expected);
  });

  test("answers with the methods of those that hold", () => {
    expect(
      router(Object.fromEntries(tenants)).find(request({ method: "PUT", pairs: ["x-tenant", "t4"] })),
    ).toEqual({
      kind: "method-not-allowed",
      allow: ["GET", "HEAD"],
    });
  });
});

describe("compileRouter", () => {
  test.each([
    ["a", 'path "a": must start with "/"'],
    ["/a?b", 'must not hold "?"'],
    ["/a//b", "must not hold an empty segment"],
    ["/a%5Cb", "encoded backslash"],
    ["/..%2Fb", "hides a dot segment behind an encoded slash"],
    ["/a/b*/c*", "stands for a whole segment"],
    ["/%zz", "malformed percent-escape"],
    ["/a#b", "must not stand there"],
    ["/:", "names no parameter"],
    ["/:a-b", "names no parameter"],
    ["/:a/:a", 'parameter "a" stands twice'],
  ])("refuses the path %s", (path, message) => {
    const compile = (): unknown => router({ it: match({ path }) });
    expect(compile).toThrow(TypeError);
    expect(compile).toThrow(message);
  });

  test("refuses a malformed regular expression, naming what it is about", () => {
    expect(() => router({ it: match({ query: [regex("q", "(")] }) })).toThrow(
      'query "q": "(" is not a regular expression',
    );
  });

  test.each([
    ["(", "missing closing )"],
    ["/(?=a)", "lookahead is not supported"],
    ["/(?<1a>.)", 'group "1a" names no parameter'],
  ])("refuses the expression %s for a path", (source, message) => {
    const compile = (): unknown => router({ it: match({ path: expression(source) }) });
    expect(compile).toThrow(TypeError);
    expect(compile).toThrow(message);
  });

  test("without routes finds none", () => {
    expect(compileRouter([]).find(request())).toEqual({ kind: "no-route" });
  });
});
