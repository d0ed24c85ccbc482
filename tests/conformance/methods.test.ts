/** The set of methods is open (RFC 9110 §9.1): the policy decides which pass, and content is framed as the client framed it. */
import { expect } from "vitest";
import { type Case, conformance, oneUpstream, requestText } from "../support/suite.ts";

const passes = (method: string): Case => ({
  title: `${method} reaches the origin as it was spelt`,
  run: async (stage) => {
    expect((await stage.request("/a", { method })).status).toBe(200);
    expect(stage.origin.seen).toEqual([`${method} /a`]);
  },
});

const METHODS = ["FOO", "VERSION-CONTROL", "M-SEARCH", "PROPFIND", "QUERY", "!#$%&'*+-.^_`|~9"];

/** RFC 9112 §6.3: without either field there is no content; a field that nobody sent would say something else. */
const bodiless = (method: string): Case => ({
  title: `${method} without content is forwarded without framing fields`,
  run: async (stage) => {
    expect((await stage.request("/", { method })).status).toBe(200);
    const { fields } = (await stage.origin.request()).head;
    expect([fields.get("content-length"), fields.get("transfer-encoding")]).toEqual([undefined, undefined]);
  },
});

const withContent = (method: string): Case => ({
  title: `content of ${method} is forwarded`,
  run: async (stage) => {
    expect((await stage.request("/", { method, body: "content" })).status).toBe(200);
    const exchange = await stage.origin.request();
    expect([exchange.header("content-length"), (await exchange.body()).toString()]).toEqual(["7", "content"]);
  },
});

const matching: Case[] = [
  {
    title: "HEAD is served by a route for GET",
    run: async (stage) => {
      expect((await stage.request("/only-get", { method: "HEAD" })).status).toBe(200);
      expect(stage.origin.seen).toEqual(["HEAD /only-get"]);
    },
  },
  {
    // Some servers take it for GET, which rules for GET did not see.
    title: "standard method in lower case is refused",
    run: async (stage) => {
      for (const method of ["get", "Post"]) {
        expect((await stage.request("/only-get", { method })).status).toBe(400);
      }
      expect(stage.origin.seen).toEqual([]);
    },
  },
];

conformance("methods", {
  config: oneUpstream({
    routes: [
      { match: { path: "/only-get", method: "GET" }, upstream: "main" },
      { match: { path: "/" }, upstream: "main" },
      { match: { path: "/a" }, upstream: "main" },
    ],
  }),
  cases: [
    ...METHODS.map(passes),
    ...["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "MKCOL", "FOO"].map(bodiless),
    ...["GET", "DELETE", "OPTIONS", "FOO"].map(withContent),
    ...matching,
  ],
});

conformance("method policy", {
  config: oneUpstream({ validation: { methods: ["GET", "FOO"] } }),
  cases: [
    {
      title: "method of the policy passes, HEAD with GET",
      run: async (stage) => {
        for (const method of ["GET", "HEAD", "FOO"]) await stage.request("/", { method });
        expect(stage.origin.seen).toEqual(["GET /", "HEAD /", "FOO /"]);
      },
    },
    ...["POST", "BAR", "foo"].map((method): Case => ({
      title: `${method} is answered 405 with what is allowed`,
      run: async (stage) => {
        const client = await stage.client();
        await client.send(requestText("/", { method }));
        const { status, fields } = await client.response();
        expect(status).toBe(405);
        expect(fields.get("allow")?.split(/, */)).toEqual(expect.arrayContaining(["GET", "FOO"]));
        expect(fields.get("x-request-id")).toBeDefined();
        expect(stage.origin.seen).toEqual([]);
      },
    })),
  ],
});
