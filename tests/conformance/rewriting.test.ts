/** Where a matched request goes: rewrites, redirects, fixed responses, splits. */
import { expect } from "vitest";
import type { ConfigInput, RouteInput } from "../../src/config/types.ts";
import { type Case, conformance, type RequestParts } from "../support/suite.ts";

const to = (path: string, rewrite: RouteInput["rewrite"], upstream: string = "main"): RouteInput => ({
  match: { path },
  upstream,
  ...(rewrite === undefined ? {} : { rewrite }),
});

const redirect = (path: string, target: NonNullable<RouteInput["redirect"]>): RouteInput => ({
  match: { path },
  redirect: target,
});

const config = ([first]: readonly [string, ...string[]]): ConfigInput => ({
  upstreams: { main: first, based: `${first}/base/`, api: `${first}/api` },
  routes: [
    to("/strip/*", { stripPrefix: true }),
    to("/old/*", { prefix: "/new" }),
    to("/whole/*", { prefix: "/" }),
    to("/users/:id/files", { path: "/files/${param.id}" }),
    to("/fixed", { path: "/elsewhere" }),
    to("/based/*", undefined, "based"),
    to("/based-strip/*", { stripPrefix: true }, "based"),
    to("/api-strip/*", { stripPrefix: true }, "api"),
    { ...to("/npm/*", { stripPrefix: true }), encodedSlash: "keep" },
    { ...to("/projects/:id/*", { path: "/p/${param.id}" }), encodedSlash: "keep" },
    to("/byte", { path: "/b/${header.x-byte}" }),
    {
      match: { path: { regex: "/u/(?<id>\\d+)/avatar" } },
      upstream: "main",
      rewrite: { path: "/a/${param.id}" },
    },
    redirect("/r/full", { status: 301, scheme: "https", host: "new.example", path: "/home" }),
    redirect("/r/prefix/*", { prefix: "/n" }),
    redirect("/r/port", { host: "new.example", port: 8443, scheme: "https" }),
    redirect("/r/keep", { status: 308, scheme: "https" }),
    { match: { path: "/say" }, respond: { status: 418, headers: { "X-Kind": "pot" }, body: "short" } },
    { match: { path: "/empty" }, respond: { status: 204 } },
  ],
});

const forwards = (title: string, target: string, expected: string): Case => ({
  title,
  run: async (stage) => {
    expect((await stage.request(target)).status).toBe(200);
    expect((await stage.origin.request()).head.target).toBe(expected);
  },
});

const redirects = (
  title: string,
  target: string,
  status: number,
  location: string,
  parts: RequestParts = {},
): Case => ({
  title,
  run: async (stage) => {
    const response = await stage.request(target, parts);
    // A relative reference says the same (RFC 9110 §10.2.2).
    const found = new URL(
      response.fields.get("location") ?? "",
      `http://${parts.host ?? "example.test"}${target}`,
    );
    expect([response.status, found.href]).toEqual([status, location]);
    expect(stage.origin.seen).toEqual([]);
  },
});

const cases: Case[] = [
  forwards("stripped prefix leaves the rest and the query", "/strip/a/b?x=1&y", "/a/b?x=1&y"),
  forwards("stripped prefix of exactly the path leaves a slash", "/strip", "/"),
  forwards("replaced prefix keeps what follows", "/old/a?q=%20", "/new/a?q=%20"),
  forwards("replaced prefix of exactly the path adds no slash", "/old", "/new"),
  forwards("prefix replaced by a slash doubles none", "/whole/a", "/a"),
  forwards(
    "path template takes parameters as they were encoded",
    "/users/a%20b/files?v=2",
    "/files/a%20b?v=2",
  ),
  forwards("path of a rewrite replaces the whole path", "/fixed?x", "/elsewhere?x"),
  forwards("upstream's base path comes before the path", "/based/x?y=1", "/base/based/x?y=1"),
  forwards("upstream's base path comes before a rewritten path", "/based-strip/x", "/base/x"),
  forwards("query that stands alone is kept", "/strip/?", "/?"),
  forwards("stripped prefix adds no slash before a query", "/api-strip?q=1", "/api?q=1"),
  forwards("stripped prefix of exactly the path leaves the base path", "/api-strip", "/api"),
  forwards("stripped prefix keeps the client's slash", "/api-strip/?q=1", "/api/?q=1"),
  forwards("stripped prefix keeps an empty segment", "/strip//x", "//x"),
  forwards("stripped prefix keeps an empty segment behind a base path", "/api-strip//x", "/api//x"),
  forwards("encoded slash passes where the route keeps it", "/npm/@scope%2fname", "/@scope%2fname"),
  forwards("encoded slash is part of a parameter", "/projects/a%2Fb/issues", "/p/a%2Fb"),
  forwards("group of an expression is a parameter", "/u/42/avatar?s=1", "/a/42?s=1"),
  {
    title: "bytes of a field are the same bytes in a path",
    run: async (stage) => {
      expect((await stage.request("/byte", { fields: ["X-Byte: \u00c3\u00a5"] })).status).toBe(200);
      expect((await stage.origin.request()).head.target).toBe("/b/%C3%A5");
    },
  },
  redirects("redirect builds scheme, host and path", "/r/full?q=1", 301, "https://new.example/home?q=1"),
  redirects("redirect replaces the matched prefix", "/r/prefix/a/b?q", 302, "http://example.test/n/a/b?q"),
  redirects(
    "redirect names a port other than the scheme's",
    "/r/port",
    302,
    "https://new.example:8443/r/port",
  ),
  redirects(
    "redirect keeps the host and drops the port of another scheme",
    "/r/keep",
    308,
    "https://example.test/r/keep",
    {
      host: "example.test:8080",
    },
  ),
  {
    title: "fixed response has its status, headers and body",
    run: async (stage) => {
      const response = await stage.request("/say");
      expect([response.status, response.fields.get("x-kind"), response.text]).toEqual([418, "pot", "short"]);
      expect(response.fields.get("content-length")).toBe("5");
    },
  },
  {
    title: "fixed response to HEAD tells the length and has no body",
    seenAt: ["chimurai/http-proxy-middleware#1121"],
    run: async (stage) => {
      const response = await stage.request("/say", { method: "HEAD" });
      expect([response.status, response.fields.get("content-length"), response.text]).toEqual([418, "5", ""]);
    },
  },
  {
    title: "fixed response without content has no body and no length",
    run: async (stage) => {
      const response = await stage.request("/empty");
      expect([response.status, response.fields.get("content-length")]).toEqual([204, undefined]);
    },
  },
];

conformance("rewriting", { config, cases });

conformance("host rewriting", {
  config: ([origin]) => ({
    upstreams: { main: origin },
    routes: [to("/host", { host: "inside.example" })],
  }),
  cases: [
    {
      title: "rewritten host is sent upstream",
      seenAt: ["nodejs/undici#2369", "denoland/deno#14909", "oven-sh/bun#26579"],
      run: async (stage) => {
        await stage.request("/host");
        const { head } = await stage.origin.request();
        expect(head.fields.all("host")).toEqual(["inside.example"]);
      },
    },
  ],
});
