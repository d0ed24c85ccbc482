/** What the proxy says itself: problems that tell nothing internal, a request id, security headers. */
import { expect } from "vitest";
import { type Case, conformance, oneUpstream, requestText, type Stage } from "../support/suite.ts";
import type { RawResponse } from "../support/raw-client.ts";
import type { SuiteOptions } from "../support/suite.ts";

const UUIDISH = /^[A-Za-z0-9._~-]{16,128}$/;

const INTERNAL =
  /127\.0\.0\.1|ECONN|ENOTFOUND|refused|undici|\bat .*:\d+|node:|\.ts\b|stack|cause|TypeError/i;

const failing = (stage: Stage, accept?: string): Promise<RawResponse> =>
  stage.request("/", { host: "down.test", fields: accept === undefined ? [] : [`Accept: ${accept}`] });

const config: SuiteOptions["config"] = ([origin]) => ({
  upstreams: { main: origin, down: "http://127.0.0.1:1" },
  routes: [
    { match: { host: "down.test" }, upstream: "down" },
    { match: { host: ["example.test", "main.test"] }, upstream: "main" },
  ],
});

const problems: Case[] = [
  {
    title: "failure is a problem document with status, code, title and request id",
    run: async (stage) => {
      const response = await failing(stage);
      expect([response.status, response.fields.get("content-type")]).toEqual([
        502,
        "application/problem+json",
      ]);
      const problem = JSON.parse(response.text) as Record<string, unknown>;
      expect(problem).toMatchObject({ status: 502, title: expect.any(String) as unknown });
      expect(problem["requestId"]).toBe(response.fields.get("x-request-id"));
      expect(Object.keys(problem).toSorted()).toEqual(["code", "requestId", "status", "title"]);
    },
  },
  {
    title: "origin that can't be reached is told apart from one that closed the connection",
    run: async (stage) => {
      expect(JSON.parse((await failing(stage)).text)).toMatchObject({ code: "connect-failed" });
      stage.origin.script((x) => x.wire.reset());
      expect(JSON.parse((await stage.request("/")).text)).toMatchObject({ code: "upstream-reset" });
    },
  },
  ...["/certificate", "/ECONNREFUSED", "/timeout", "/tls-handshake?why=self-signed%20certificate"].map(
    (target): Case => ({
      title: `failure of a request for ${target} is classified by what happened, not by its name`,
      run: async (stage) => {
        stage.origin.script((x) => x.wire.reset());
        const { text } = await stage.request(target, { method: "POST", body: "x" });
        expect(JSON.parse(text)).toMatchObject({ status: 502, code: "upstream-reset" });
      },
    }),
  ),
  {
    title: "no route is a problem document too",
    run: async (stage) => {
      const response = await stage.request("/", { host: "nowhere.test" });
      expect(response.status).toBe(404);
      expect(JSON.parse(response.text)).toMatchObject({ status: 404, code: "no-route" });
    },
  },
  {
    title: "failure is HTML for who prefers it",
    run: async (stage) => {
      const response = await failing(stage, "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");
      expect(response.fields.get("content-type")).toMatch(/^text\/html/);
      expect(response.text).toMatch(/<h1>502 /);
    },
  },
  {
    title: "failure is plain text for who prefers it",
    run: async (stage) => {
      const response = await failing(stage, "text/plain");
      expect(response.fields.get("content-type")).toMatch(/^text\/plain/);
    },
  },
  {
    title: "failure tells the client nothing internal",
    run: async (stage) => {
      for (const accept of ["*/*", "text/html", "text/plain"]) {
        const response = await failing(stage, accept);
        expect(response.text).not.toMatch(INTERNAL);
        expect(response.fields.list.map(([name, value]) => `${name}: ${value}`).join("\n")).not.toMatch(
          INTERNAL,
        );
      }
    },
  },
  {
    title: "failure to HEAD has no body",
    run: async (stage) => {
      const client = await stage.client();
      await client.send(requestText("/", { method: "HEAD", host: "down.test" }));
      expect((await client.response("HEAD")).status).toBe(502);
      await client.send(requestText("/", { host: "nowhere.test" }));
      expect((await client.response()).status).toBe(404);
    },
  },
  {
    title: "error status of the origin is passed on with its own body",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(500, { "Content-Type": "text/html" }, "<h1>origin's own</h1>"));
      const response = await stage.request("/");
      expect([response.status, response.text]).toEqual([500, "<h1>origin's own</h1>"]);
    },
  },
];

const ids: Case[] = [
  {
    title: "request id is made once and sent both ways",
    run: async (stage) => {
      const response = await stage.request("/");
      const id = response.fields.get("x-request-id");
      expect(id).toMatch(UUIDISH);
      expect((await stage.origin.request()).head.fields.all("x-request-id")).toEqual([id]);
      expect((await stage.request("/")).fields.get("x-request-id")).not.toBe(id);
    },
  },
  {
    title: "request id of an untrusted client is replaced",
    run: async (stage) => {
      const response = await stage.request("/", { fields: ["X-Request-Id: chosen-by-client-000001"] });
      expect(response.fields.get("x-request-id")).not.toBe("chosen-by-client-000001");
      expect((await stage.origin.request()).header("x-request-id")).toBe(response.fields.get("x-request-id"));
    },
  },
];

const security: Case[] = [
  {
    title: "default security headers are added to answers of the origin and of the proxy",
    run: async (stage) => {
      for (const response of [await stage.request("/"), await failing(stage)]) {
        expect(response.fields.get("x-content-type-options")).toBe("nosniff");
        expect(response.fields.get("referrer-policy")).toBe("strict-origin-when-cross-origin");
      }
    },
  },
  {
    title: "security headers that the origin set are kept",
    run: async (stage) => {
      stage.origin.script((x) =>
        x.respond(200, { "Referrer-Policy": "no-referrer", "X-Frame-Options": "SAMEORIGIN" }),
      );
      const { fields } = await stage.request("/");
      expect([fields.all("referrer-policy"), fields.all("x-frame-options")]).toEqual([
        ["no-referrer"],
        ["SAMEORIGIN"],
      ]);
    },
  },
  {
    title: "headers that tell what the origin runs are removed",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(200, { Server: "origin/1.2", "X-Powered-By": "Something" }));
      const { fields } = await stage.request("/");
      expect([fields.get("server"), fields.get("x-powered-by")]).toEqual([undefined, undefined]);
    },
  },
];

conformance("errors", { config, cases: [...problems, ...ids, ...security] });

conformance("request id from trusted clients", {
  config: oneUpstream({ listen: { trustedProxies: "127.0.0.1" }, requestId: { header: "X-Trace" } }),
  cases: [
    {
      title: "request id of a trusted proxy is kept under the configured name",
      run: async (stage) => {
        const response = await stage.request("/", { fields: ["X-Trace: from-the-edge-0001"] });
        expect(response.fields.get("x-trace")).toBe("from-the-edge-0001");
        expect((await stage.origin.request()).header("x-trace")).toBe("from-the-edge-0001");
      },
    },
    {
      title: "request id with forbidden characters is replaced",
      run: async (stage) => {
        const response = await stage.request("/", { fields: ['X-Trace: a"><b'] });
        expect(response.fields.get("x-trace")).toMatch(UUIDISH);
      },
    },
  ],
});

conformance("strict security headers", {
  config: oneUpstream({ securityHeaders: "strict" }),
  cases: [
    {
      title: "strict preset closes what the default leaves open",
      run: async (stage) => {
        const { fields } = await stage.request("/");
        expect(fields.get("content-security-policy")).toContain("default-src 'self'");
        expect(fields.get("x-frame-options")).toBe("DENY");
      },
    },
  ],
});
