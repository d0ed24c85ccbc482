/** No rewrite invents a slash or loses one. */
import { expect } from "vitest";
import { type Case, conformance } from "../support/suite.ts";

const SEEN_AT = ["tom-lubenow/axum-reverse-proxy#101", "unjs/httpxy#80"];

const forwards = (target: string, expected: string): Case => ({
  title: `${target} is forwarded as ${expected}`,
  seenAt: SEEN_AT,
  run: async (stage) => {
    expect((await stage.request(target)).status).toBe(200);
    expect((await stage.origin.request()).head.target).toBe(expected);
  },
});

const cases: Case[] = [
  // A base path without a slash at its end, the prefix stripped.
  forwards("/test?q=1", "/api?q=1"),
  forwards("/test", "/api"),
  forwards("/test/", "/api/"),
  forwards("/test/?q=1", "/api/?q=1"),
  forwards("/test/x", "/api/x"),
  forwards("/test/x/", "/api/x/"),
  forwards("/test//x", "/api//x"),
  forwards("/test/x//y", "/api/x//y"),
  // A base path with one.
  forwards("/slash/x", "/base/x"),
  forwards("/slash/", "/base/"),
  forwards("/slash//x", "/base//x"),
  // No base path.
  forwards("/strip", "/"),
  forwards("/strip/", "/"),
  forwards("/strip?q", "/?q"),
  forwards("/strip/x", "/x"),
  forwards("/strip//x", "//x"),
  forwards("/strip/x//", "/x//"),
  // A prefix replaced by another.
  forwards("/old", "/new"),
  forwards("/old/", "/new/"),
  forwards("/old//x", "/new//x"),
  // Nothing rewritten behind a base path.
  forwards("/kept", "/api/kept"),
  forwards("/kept//x/", "/api/kept//x/"),
  forwards("/", "/api/"),
  {
    title: "redirect of an empty segment never leads to another host",
    seenAt: SEEN_AT,
    run: async (stage) => {
      const { status, fields } = await stage.request("/moved//evil.test/x");
      expect(status).toBe(302);
      // "//evil.test/x" would be a reference to another server (RFC 3986 §4.2).
      const url = new URL(fields.get("location") ?? "", "http://example.test/moved//evil.test/x");
      expect(url.host).toBe("example.test");
    },
  },
];

conformance("slashes", {
  config: ([origin]) => ({
    upstreams: { main: origin, based: `${origin}/api`, slashed: `${origin}/base/` },
    routes: [
      { match: { path: "/test/*" }, upstream: "based", rewrite: { stripPrefix: true } },
      { match: { path: "/slash/*" }, upstream: "slashed", rewrite: { stripPrefix: true } },
      { match: { path: "/strip/*" }, upstream: "main", rewrite: { stripPrefix: true } },
      { match: { path: "/old/*" }, upstream: "main", rewrite: { prefix: "/new" } },
      { match: { path: "/moved/*" }, redirect: { prefix: "/" } },
      { upstream: "based" },
    ],
  }),
  cases,
});
