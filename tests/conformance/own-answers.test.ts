/** Whatever the proxy answers itself, even to what is no request, has a date, a request id and the form of a problem. */
import { expect } from "vitest";
import { type Case, conformance, requestText, type SuiteOptions } from "../support/suite.ts";

const IMF =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/;

interface Answer {
  readonly what: string;
  readonly text: string;
  readonly status: number;
  /** Undefined where the answer is no problem. */
  readonly code?: string;
}

const host = (name: string, target: string = "/"): string => requestText(target, { host: name });

const ANSWERS: readonly Answer[] = [
  { what: "malformed request line", text: "GET  / HTTP/1.1\r\n\r\n", status: 400, code: "bad-request" },
  {
    what: "malformed field",
    text: requestText("/", { fields: ["X A: 1"] }),
    status: 400,
    code: "bad-request",
  },
  { what: "missing Host", text: requestText("/", { host: false }), status: 400, code: "bad-request" },
  { what: "malformed target", text: requestText("/%zz"), status: 400, code: "bad-request" },
  { what: "no route", text: host("nowhere.test"), status: 404, code: "no-route" },
  {
    what: "method of no route",
    text: requestText("/", { host: "get.test", method: "FOO" }),
    status: 405,
    code: "method-not-allowed",
  },
  {
    what: "CONNECT",
    text: requestText("main.test:80", { host: "main.test:80", method: "CONNECT" }),
    status: 405,
    code: "method-not-allowed",
  },
  {
    what: "content over the limit",
    text: requestText("/", { host: "main.test", method: "POST", fields: ["Content-Length: 5000"] }),
    status: 413,
    code: "body-too-large",
  },
  {
    what: "target over the limit",
    text: requestText(`/${"a".repeat(9_000)}`),
    status: 414,
    code: "target-too-long",
  },
  {
    what: "unknown expectation",
    text: requestText("/", { host: "main.test", fields: ["Expect: x"] }),
    status: 417,
    code: "expectation-failed",
  },
  {
    what: "header section over the limit",
    text: requestText("/", { fields: [`X-A: ${"a".repeat(40_000)}`] }),
    status: 431,
    code: "header-too-large",
  },
  {
    what: "too many fields",
    text: requestText("/", { fields: Array.from({ length: 120 }, () => "X-A: 1") }),
    status: 431,
    code: "header-too-large",
  },
  {
    what: "version not supported",
    text: "GET / HTTP/2.0\r\nHost: main.test\r\n\r\n",
    status: 505,
    code: "version-not-supported",
  },
  { what: "origin that is down", text: host("down.test"), status: 502, code: "connect-failed" },
  { what: "fixed response", text: host("fixed.test"), status: 200 },
  { what: "redirect", text: host("redirect.test"), status: 302 },
  { what: "ready page", text: host("any.test", "/ready"), status: 200 },
  { what: "OPTIONS of the whole server", text: requestText("*", { method: "OPTIONS" }), status: 204 },
];

const cases: Case[] = ANSWERS.map(({ what, text, status, code }) => ({
  title: `answer to ${what} has its status, a date and a request id`,
  run: async (stage) => {
    const client = await stage.client();
    void client.send(text);
    const response = await client.response();
    const { fields } = response;
    expect(response.status).toBe(status);
    expect(fields.all("date")).toEqual([expect.stringMatching(IMF)]);
    expect(fields.all("x-request-id")).toEqual([expect.stringMatching(/^[\w.~-]{16,}$/)]);
    if (code === undefined) return;
    expect(fields.get("content-type")).toBe("application/problem+json");
    expect(JSON.parse(response.text)).toMatchObject({ status, code, requestId: fields.get("x-request-id") });
  },
}));

const config: SuiteOptions["config"] = ([origin]) => ({
  listen: { readyPath: "/ready" },
  upstreams: { main: origin, down: "http://127.0.0.1:1" },
  routes: [
    { match: { host: "main.test" }, upstream: "main", bodyBytes: 1_000 },
    { match: { host: "get.test", method: "GET" }, upstream: "main" },
    { match: { host: "down.test" }, upstream: "down" },
    { match: { host: "fixed.test" }, respond: { body: "fixed" } },
    { match: { host: "redirect.test" }, redirect: { path: "/elsewhere" } },
  ],
});

conformance("the proxy's own answers", { config, cases });
