/** Which route answers: matches and precedence of Gateway API's HTTPRoute (v1). */
import { expect } from "vitest";
import type { ConfigInput, RouteInput } from "../../src/config/types.ts";
import { type Case, conformance, type RequestParts } from "../support/suite.ts";

const named = (name: string, match: RouteInput["match"]): RouteInput => ({
  name,
  ...(match === undefined ? {} : { match }),
  respond: { body: name },
});

const routes: RouteInput[] = [
  named("any host exact", { path: "/login" }),
  named("prefix v1", { path: "/v1/*" }),
  named("prefix v1 users", { path: "/v1/users/*" }),
  named("pattern", { path: "/people/:id/files" }),
  named("pattern rest", { path: "/trees/:id/*" }),
  named("exact in prefix", { path: "/v1/users/me" }),
  named("exact host", { host: "api.example.com", path: "/*" }),
  named("wildcard host", { host: "*.example.com", path: "/*" }),
  named("longer wildcard", { host: "*.eu.example.com", path: "/*" }),
  named("only post", { path: "/orders", method: "POST" }),
  named("only put", { path: "/orders", method: "PUT" }),
  named("header exact", { path: "/h/*", headers: { "X-Plan": "gold" } }),
  named("header regex", { path: "/h/*", headers: { "x-plan": { regex: "^sil" } } }),
  named("two headers", { path: "/h/*", headers: { "x-plan": "gold", "x-more": true } }),
  named("no header", { path: "/h/*", headers: { "x-plan": false } }),
  named("query exact", { path: "/q", query: { kind: "a b" } }),
  named("query regex", { path: "/q", query: { kind: { regex: "^\\d+$" } } }),
  named("cookie", { path: "/c", cookies: { beta: "on" } }),
  named("cookie fallback", { path: "/c" }),
  named("either", [{ path: "/one" }, { path: "/two", method: "GET" }]),
];

const config = (): ConfigInput => ({ routes });

const answers = (
  title: string,
  target: string,
  expected: string | number,
  parts: RequestParts = {},
): Case => ({
  title,
  run: async (stage) => {
    const response = await stage.request(target, parts);
    const found = response.status === 200 ? response.text : response.status;
    expect(found).toBe(expected);
  },
});

const host = (name: string): RequestParts => ({ host: name });

const cases: Case[] = [
  answers("exact path matches the whole path", "/login", "any host exact"),
  answers("exact path ignores the query", "/login?next=/x", "any host exact"),
  answers("exact path does not match below itself", "/login/x", 404),
  answers("exact path is case-sensitive", "/Login", 404),
  answers("prefix matches itself", "/v1", "prefix v1"),
  answers("prefix matches itself with a slash", "/v1/", "prefix v1"),
  answers("prefix matches below itself", "/v1/things", "prefix v1"),
  answers("prefix does not match half a segment", "/v10", 404),
  answers("longer prefix wins over an earlier shorter one", "/v1/users/7", "prefix v1 users"),
  answers("exact path wins over prefixes", "/v1/users/me", "exact in prefix"),
  answers("pattern matches one segment a parameter", "/people/7/files", "pattern"),
  answers("pattern parameter does not match two segments", "/people/7/8/files", 404),
  answers("pattern with a rest matches more segments", "/trees/7/a/b", "pattern rest"),
  answers("exact host wins over wildcard hosts", "/x", "exact host", host("api.example.com")),
  answers("host matches without regard to case", "/x", "exact host", host("API.Example.COM")),
  answers("host matches without its port", "/x", "exact host", host("api.example.com:8080")),
  answers("wildcard host matches one label", "/x", "wildcard host", host("www.example.com")),
  answers("wildcard host matches several labels", "/x", "wildcard host", host("a.b.example.com")),
  answers("longer wildcard host wins", "/x", "longer wildcard", host("a.eu.example.com")),
  answers("wildcard host does not match the bare domain", "/x", 404, host("example.com")),
  answers("specific host wins over a specific path", "/login", "exact host", host("api.example.com")),
  answers("method selects the route", "/orders", "only put", { method: "PUT", body: "" }),
  answers("header matches exactly", "/h/1", "header exact", { fields: ["X-Plan: gold"] }),
  answers("header matches a regular expression", "/h/1", "header regex", { fields: ["X-PLAN: silver"] }),
  answers("more header matches win", "/h/1", "two headers", { fields: ["X-Plan: gold", "X-More: 1"] }),
  answers("header match of absence", "/h/1", "no header"),
  answers("header that matches no route's value finds none", "/h/1", 404, { fields: ["X-Plan: tin"] }),
  answers("query matches a decoded value", "/q?kind=a%20b", "query exact"),
  answers("query matches a regular expression", "/q?kind=42", "query regex"),
  answers("query that does not match finds no route", "/q?kind=x", 404),
  answers("cookie matches among several", "/c", "cookie", { fields: ["Cookie: a=1; beta=on; z=2"] }),
  answers("cookie that does not match leaves the next route", "/c", "cookie fallback", {
    fields: ["Cookie: beta=off"],
  }),
  answers("any of several matches suffices", "/two", "either"),
  answers("host without a route is answered 404", "/nothing", 404, host("nowhere.test")),
  {
    title: "method that no route of the path takes is answered 405 with Allow",
    run: async (stage) => {
      const response = await stage.request("/orders", { method: "DELETE" });
      expect(response.status).toBe(405);
      const allow = response.fields.get("allow")?.split(/,\s*/).toSorted();
      expect(allow).toEqual(["POST", "PUT"]);
    },
  },
];

conformance("routing", { config, cases });
