/** Levels of events, and how they are changed while the proxy runs. */
import { expect } from "vitest";
import { linesOf } from "../support/log-lines.ts";
import { type Case, conformance, requestText, type Stage } from "../support/suite.ts";

const TOKEN = "Authorization: Bearer token-of-the-operators";

const put = async (stage: Stage, category: string, level: string, fields: readonly string[] = [TOKEN]) =>
  (
    await stage.raw(
      requestText(`/_fairlead/log/levels/${category}`, {
        method: "PUT",
        body: JSON.stringify({ level }),
        fields: [...fields, "Content-Type: application/json"],
      }),
      "PUT",
    )
  ).status;

const retried = (stage: Stage): number => linesOf(stage.proxy.child.stderr, "upstream.retry").length;

const cases: Case[] = [
  {
    title: "level of a category changes at once, and back",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(200, {}, "ok"));
      expect((await stage.request("/")).status).toBe(200);
      expect(retried(stage)).toBe(0);
      expect(await put(stage, "upstream.retry", "debug")).toBe(200);
      expect((await stage.request("/")).status).toBe(200);
      await stage.proxy.child.printed(/"level":"debug","event":"upstream.retry".*asking another/);
      expect(await put(stage, "upstream", "off")).toBe(200);
      expect(await put(stage, "upstream.retry", "info")).toBe(200);
      const before = retried(stage);
      expect((await stage.request("/")).status).toBe(200);
      expect(retried(stage)).toBe(before);
    },
  },
  {
    title: "level takes the token, and is one that there is",
    run: async (stage) => {
      expect(await put(stage, "upstream", "debug", [])).toBe(401);
      expect(await put(stage, "upstream", "loud")).toBe(400);
    },
  },
];

conformance("log levels", {
  config: ([origin]) => ({
    upstreams: {
      main: {
        endpoints: [
          { url: "http://127.0.0.1:1", priority: 0 },
          { url: origin, priority: 1 },
        ],
        breaker: false,
      },
    },
    routes: [{ upstream: "main" }],
    admin: { path: "/_fairlead", token: "token-of-the-operators" },
  }),
  cases,
});
