/** What an upstream says of its own place, as the client sees it. */
import { expect } from "vitest";
import { type Case, conformance } from "../support/suite.ts";

const cases: Case[] = [
  {
    title: "location that names the upstream names the proxy, prefix included",
    run: async (stage) => {
      const { port } = new URL(stage.origin.url);
      stage.origin.script((x) => x.respond(302, { location: `http://127.0.0.1:${port}/login?a=1` }, ""));
      const response = await stage.request("/app/x");
      expect(response.fields.get("location")).toBe("http://example.test/app/login?a=1");
    },
  },
  {
    title: "location that leaves out the stripped prefix gets it back",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(302, { location: "/login" }, ""));
      expect((await stage.request("/app/x")).fields.get("location")).toBe("/app/login");
      expect((await stage.request("/x")).fields.get("location")).toBe("/login");
    },
  },
  {
    title: "location that points elsewhere stays",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(302, { location: "https://login.example/x" }, ""));
      expect((await stage.request("/app/x")).fields.get("location")).toBe("https://login.example/x");
    },
  },
  {
    title: "cookie loses the upstream's domain and gets the prefix back",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(200, { "set-cookie": "a=b; Domain=127.0.0.1; Path=/in" }, ""));
      expect((await stage.request("/app/x")).fields.get("set-cookie")).toBe("a=b; Path=/app/in");
    },
  },
  {
    title: "neither is touched where the route says so",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(302, { location: "/login", "set-cookie": "a=b; Path=/in" }, ""));
      const { fields } = await stage.request("/raw/x");
      expect([fields.get("location"), fields.get("set-cookie")]).toEqual(["/login", "a=b; Path=/in"]);
    },
  },
];

conformance("rewritten responses", {
  config: ([origin]) => ({
    upstreams: { main: origin },
    routes: [
      { match: { path: "/app/*" }, upstream: "main", rewrite: { stripPrefix: true } },
      {
        match: { path: "/raw/*" },
        upstream: "main",
        rewrite: { stripPrefix: true, location: false, cookies: false },
      },
      { upstream: "main" },
    ],
  }),
  cases,
});
