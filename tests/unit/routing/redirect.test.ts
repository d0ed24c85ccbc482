import { describe, expect, test } from "vitest";
import { ProxyError } from "../../../src/core/errors.ts";
import { type LocationConfig, compileRedirect } from "../../../src/routing/redirect.ts";
import { match } from "./request.ts";
import { scope } from "./scope.ts";

const location = (
  parts: Partial<LocationConfig>,
  asked: Parameters<typeof scope>[0] = {},
  on: string = "/*",
): string | undefined =>
  compileRedirect(
    {
      status: 302,
      scheme: undefined,
      host: undefined,
      port: undefined,
      prefix: undefined,
      path: undefined,
      ...parts,
    },
    match({ path: on }),
  )(scope({ host: "shop.example", path: "/a/b", query: "?q=1", ...asked }));

describe("redirect's origin", () => {
  test.each([
    ["https, port of the request", { scheme: "https" }, "http", "shop.example:8080", "https://shop.example"],
    ["http", { scheme: "http" }, "https", "shop.example", "http://shop.example"],
    ["https and port", { scheme: "https", port: 8443 }, "http", "shop.example", "https://shop.example:8443"],
    ["https and 443", { scheme: "https", port: 443 }, "http", "shop.example", "https://shop.example"],
    ["https and 80", { scheme: "https", port: 80 }, "http", "shop.example", "https://shop.example:80"],
    ["http and 80", { scheme: "http", port: 80 }, "https", "shop.example", "http://shop.example"],
    ["port alone", { port: 81 }, "http", "shop.example:8080", "http://shop.example:81"],
    ["own port alone", { port: 80 }, "http", "shop.example:8080", "http://shop.example"],
    ["host, port inherited", { host: "new.example" }, "http", "shop.example:8080", "http://new.example:8080"],
    ["host, default port", { host: "new.example" }, "https", "shop.example:443", "https://new.example"],
    [
      "host and scheme",
      { host: "new.example", scheme: "https" },
      "http",
      "a.example:81",
      "https://new.example",
    ],
    ["host with a port", { host: "new.example:81" }, "http", "shop.example", "http://new.example:81"],
    ["host, unknown one asked", { host: "new.example" }, "http", "", "http://new.example"],
    ["IPv6 host", { scheme: "https" }, "http", "[::1]:8080", "https://[::1]"],
    [
      "variable host",
      { host: "www.${request.host}", scheme: "https" },
      "http",
      "a.example",
      "https://www.a.example",
    ],
  ] as const)("%s", (_, parts, scheme, host, expected) => {
    expect(location(parts, { scheme, host })).toBe(`${expected}/a/b?q=1`);
  });

  test("is left out when nothing of it changes", () => {
    expect(location({ path: "/new" }, { host: "forged.example" })).toBe("/new?q=1");
  });

  test("is left out when it is not known which host was asked for", () => {
    expect(location({ scheme: "https", prefix: "/x" }, { host: "" }, "/a/*")).toBe("/x/b?q=1");
  });

  test("made of values that are no host is a bad request", () => {
    const asked = { headers: { x: "evil.example/a@b" } };
    expect(() => location({ host: "${header.x}" }, asked)).toThrow(ProxyError);
  });

  test.each(["a/b", "user@a", "a b", "", "a:99999"])("host %j is refused", (host) => {
    expect(() => location({ host })).toThrow(TypeError);
  });
});

describe("redirect to the URL that was asked for", () => {
  const https = { scheme: "https" } as const;

  test.each([
    ["scheme", https, { scheme: "https" }],
    ["scheme, default port spelt out", https, { scheme: "https", host: "shop.example:443" }],
    ["scheme and host", { ...https, host: "shop.example" }, { scheme: "https" }],
    ["scheme and port", { ...https, port: 8443 }, { scheme: "https", host: "shop.example:8443" }],
    ["path", { path: "/a/b" }, {}],
    ["path, by a variable", { path: "${request.path}" }, {}],
    ["host that is not known", https, { scheme: "http", host: "" }],
  ] as const)("does not apply: %s", (_, parts, asked) => {
    for (const status of [301, 302, 303, 307, 308]) {
      expect(location({ ...parts, status }, asked)).toBeUndefined();
    }
  });

  test.each([
    ["another scheme", https, { scheme: "http" }, "https://shop.example/a/b?q=1"],
    ["another port", https, { scheme: "https", host: "shop.example:8443" }, "https://shop.example/a/b?q=1"],
    ["another path", { path: "/a" }, {}, "/a?q=1"],
    ["another query", { path: "/a/b?" }, {}, "/a/b"],
  ] as const)("applies with %s", (_, parts, asked, expected) => {
    expect(location(parts, asked)).toBe(expected);
  });

  test("applies where 303 makes a GET of another method, and nowhere else", () => {
    const asked = { scheme: "https", method: "POST" };
    expect(location({ ...https, status: 303 }, asked)).toBe("https://shop.example/a/b?q=1");
    for (const status of [301, 302, 307, 308]) expect(location({ ...https, status }, asked)).toBeUndefined();
    expect(location({ ...https, status: 303 }, { ...asked, method: "HEAD" })).toBeUndefined();
  });

  test("303 without anything else leads to the same URL", () => {
    expect(location({ status: 303 }, { method: "POST" })).toBe("/a/b?q=1");
  });
});

describe("redirect's path", () => {
  test.each([
    [{ prefix: "/new" }, "/a/*", "/new/b?q=1"],
    [{ prefix: "" }, "/a/*", "/b?q=1"],
    [{ path: "/new" }, "/a/*", "/new?q=1"],
    [{ path: "/new?" }, "/a/*", "/new"],
    [{ path: "/n${request.path}?from=${client.address}" }, "/*", "/n/a/b?from=203.0.113.7"],
  ])("%j on %s gives %s", (parts, on, expected) => {
    expect(location(parts, {}, on)).toBe(expected);
  });

  test("never starts with two slashes", () => {
    expect(location({ prefix: "" }, { path: "/a//evil.example" }, "/a/*")).toBe("/evil.example?q=1");
    expect(location({ path: "/${query.x}/evil.example" })).toBe("/evil.example?q=1");
  });

  test("of the whole server is its root", () => {
    expect(location({ scheme: "https" }, { scheme: "http", path: "*", query: "" })).toBe(
      "https://shop.example/",
    );
  });

  test("keeps empty segments", () => {
    expect(location({ prefix: "/new" }, { path: "/a//b" }, "/a/*")).toBe("/new//b?q=1");
  });

  test("holds no line break, whatever the query holds", () => {
    const asked = { query: "?x=a%0d%0aset-cookie:b" };
    expect(location({ path: "/s?x=${query.x}" }, asked)).toBe("/s?x=a%0D%0Aset-cookie%3Ab");
    expect(() => location({ path: "/s/${query.x}" }, asked)).toThrow(ProxyError);
  });
});
