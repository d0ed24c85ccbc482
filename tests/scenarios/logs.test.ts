/** What the proxy writes about failures: enough to find the cause, in sentences, and nothing that is a secret. */
import { createServer, type AddressInfo, type Server } from "node:net";
import { createServer as createSecureServer } from "node:https";
import { afterAll, beforeAll, expect } from "vitest";
import { certificate } from "../support/certificate.ts";
import { CANARY_LIMITS, CANARY_QUERY, LONG_CANARY } from "../support/canaries.ts";
import { lineAbout } from "../support/log-lines.ts";
import {
  type Case,
  conformance,
  type RequestParts,
  type Stage,
  type SuiteOptions,
} from "../support/suite.ts";

const hangs = (stage: Stage): void => stage.origin.script((x) => x.wire.ended().then(() => {}));

const content: Case[] = [
  {
    title: "line of a failure tells the cause: when, what, where, how far, how often and why",
    run: async (stage) => {
      stage.origin.script((x) => x.wire.reset());
      const { fields } = await stage.request("/shop/cart?x=1", { method: "POST", body: "x" });
      const line = await lineAbout(stage, "upstream-reset", "/shop/cart");
      expect(JSON.parse(line)).toMatchObject({
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        level: "error",
        event: "request",
        status: 502,
        method: "POST",
        target: "/shop/cart?x=1",
        error: expect.stringMatching(/./),
        route: "shop-front",
        upstream: "back-office",
        endpoint: stage.origin.url,
        attempts: 1,
        durationMs: expect.any(Number),
        queueMs: expect.any(Number),
        client: "127.0.0.1",
        requestId: fields.get("x-request-id"),
      });
    },
  },
  {
    title: "line of a failure tells the attempts before the last one",
    run: async (stage) => {
      expect((await stage.request("/twice")).status).toBe(502);
      const line = await lineAbout(
        stage,
        stage.runtime === "workerd" ? "upstream-reset" : "connect-failed",
        "/twice",
      );
      const { attempts, tried, endpoint } = JSON.parse(line) as Record<string, string>;
      expect(attempts).toBe(2);
      expect(tried).toMatch(/^http:\/\/127\.0\.0\.1:[12] (?:connect-failed|upstream-reset) [\d.]+ms$/);
      expect(tried).not.toContain(`${endpoint} `);
    },
  },
  {
    title: "line says that the time for the first byte was over",
    run: async (stage) => {
      hangs(stage);
      expect((await stage.request("/first")).status).toBe(504);
      expect(await lineAbout(stage, "attempt-timeout", "/first")).toMatch(/firstByte/);
    },
  },
  {
    title: "line says that the total time was over",
    run: async (stage) => {
      hangs(stage);
      expect((await stage.request("/total")).status).toBe(504);
      expect(await lineAbout(stage, "deadline-exceeded", "/total")).toMatch(/total/);
    },
  },
];

const shop: SuiteOptions["config"] = ([origin]) => ({
  upstreams: {
    "back-office": { endpoints: origin, timeouts: { firstByte: "400ms" } },
    down: { endpoints: ["http://127.0.0.1:1", "http://127.0.0.1:2"], breaker: false },
  },
  routes: [
    { match: { path: "/twice" }, upstream: "down" },
    { match: { path: "/total" }, upstream: "back-office", timeouts: { firstByte: "5s", total: "400ms" } },
    { name: "shop-front", upstream: "back-office" },
  ],
});

conformance("log lines", { config: shop, cases: content });

let plain: Server | undefined;
let distrusted: Server | undefined;
const portOf = (server: Server | undefined): number =>
  (server?.address() as AddressInfo | undefined)?.port ?? 0;

beforeAll(async () => {
  // As a plain HTTP server answers what is no request.
  plain = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"));
  });
  distrusted = createSecureServer(certificate({ hosts: ["127.0.0.1"] }));
  for (const server of [plain, distrusted]) {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  }
});
afterAll(() => {
  plain?.close();
  distrusted?.close();
});

/** As OpenSSL and rustls word it; codes may stand behind the sentence. */
const OPENSSL = /SSL routines|error:[0-9A-F]{8}|ssl3_|wrong version number|received corrupt message/;

conformance("log lines about TLS", {
  config: () => ({
    upstreams: {
      plain: `https://127.0.0.1:${portOf(plain)}`,
      distrusted: `https://127.0.0.1:${portOf(distrusted)}`,
    },
    routes: [{ match: { path: "/plain" }, upstream: "plain" }, { upstream: "distrusted" }],
  }),
  cases: [
    {
      title: "https to a server of plain HTTP is called that",
      run: async (stage) => {
        expect((await stage.request("/plain")).status).toBe(502);
        const line = await lineAbout(stage, "connect-failed", "/plain");
        expect(line).toMatch(/plain HTTP|http:\/\//);
        expect(line).not.toMatch(OPENSSL);
      },
    },
    {
      title: "certificate that is not trusted is called that",
      run: async (stage) => {
        expect((await stage.request("/distrusted")).status).toBe(502);
        const line = await lineAbout(stage, "connect-failed", "/distrusted");
        expect(line).toMatch(/certificate/i);
        expect(line).not.toMatch(OPENSSL);
      },
    },
  ],
});

const FLOOD = 60;

conformance("log lines by the second", {
  config: () => ({ upstreams: { down: "http://127.0.0.1:1" } }),
  cases: [
    {
      title: "failures beyond the lines of a second are counted before it is long over",
      run: async (stage) => {
        await Promise.all(Array.from({ length: FLOOD }, () => stage.request("/flood")));
        // No other failure has to come for the count to be told.
        const [, count] = await stage.proxy.child.printed(/(\d+) .*not shown/, 4_000);
        const lines = stage.proxy.child.stderr.split("\n").filter((line) => line.includes("/flood"));
        expect(lines.length + Number(count)).toBe(FLOOD);
      },
    },
  ],
});

const SECRET: RequestParts = {
  fields: [
    "Authorization: Bearer CANARY-match",
    "Cookie: sid=CANARY-cookie; other=CANARY-other",
    "X-Key: CANARY-key",
    `X-Original-Url: /a?${CANARY_QUERY}`,
    "Referer: https://user:CANARY-password@a.example/;jsessionid=CANARY-session?token=CANARY-referer",
  ],
};

interface Failure {
  readonly kind: string;
  readonly code: string;
  /** Where fetch can't tell. */
  readonly onWorkers?: string;
  readonly act?: (stage: Stage) => void;
}

const FAILURES: readonly Failure[] = [
  { kind: "down", code: "connect-failed", onWorkers: "upstream-reset" },
  { kind: "reset", code: "upstream-reset", act: ({ origin }) => origin.script((x) => x.wire.reset()) },
  { kind: "timeout", code: "attempt-timeout", act: hangs },
  {
    kind: "malformed",
    code: "bad-upstream-response",
    onWorkers: "upstream-reset",
    act: ({ origin }) =>
      origin.script((x) =>
        x.send("HTTP/1.1 200 OK\r\nSet-Cookie: a=CANARY-set\r\nX CANARY-name: CANARY-value\r\n\r\n"),
      ),
  },
  {
    kind: "garbage",
    code: "bad-upstream-response",
    onWorkers: "upstream-reset",
    act: ({ origin }) => origin.script((x) => x.send("CANARY-garbage\r\n\r\n")),
  },
];

const silent = (stage: Stage, canaries: RegExp): void => {
  expect(stage.proxy.child.stderr + stage.proxy.child.stdout).not.toMatch(canaries);
};
const PARAM = "CANARY-param";
const OTHERS = /CANARY-(?!param)/;

const secrets: Case[] = [
  ...FAILURES.flatMap((failure) => [
    { failure, param: "7", canaries: OTHERS, what: "secret of request, response or config" },
    { failure, param: PARAM, canaries: new RegExp(PARAM), what: "parameter of its path" },
    { failure, param: `a;sid=${PARAM}`, canaries: new RegExp(PARAM), what: "parameter with a name in it" },
    { failure, param: LONG_CANARY, canaries: new RegExp(PARAM), what: "long parameter of its path" },
  ]).map(({ failure: { kind, code, onWorkers = code, act }, param, canaries, what }): Case => ({
    title: `line about a failure (${kind}) holds no ${what}`,
    run: async (stage) => {
      act?.(stage);
      const expected = stage.runtime === "workerd" ? onWorkers : code;
      const target = `/${kind}/${param}?${CANARY_QUERY}`;
      const { text, fields } = await stage.request(target, {
        ...SECRET,
        method: "POST",
        body: "CANARY-body",
      });
      expect(JSON.parse(text)).toMatchObject({ code: expected });
      expect(text + JSON.stringify(fields.list)).not.toContain("CANARY");
      await stage.proxy.child.printed(new RegExp(fields.get("x-request-id") ?? "no id"));
      silent(stage, canaries);
    },
  })),
  {
    title: "line about a success holds no secret of request, response or config",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(200, { "Set-Cookie": "a=CANARY-set" }, "CANARY-body"));
      const { fields } = await stage.request(`/reset/${PARAM}?${CANARY_QUERY}`, SECRET);
      await stage.proxy.child.printed(new RegExp(`"status":200.*${fields.get("x-request-id") ?? "no id"}`));
      silent(stage, /CANARY/);
    },
  },
  {
    title: "refused request leaves no secret in lines",
    run: async (stage) => {
      for (const target of [
        `/a%zz?${CANARY_QUERY}`,
        `/a%2Fb;sid=CANARY-matrix?${CANARY_QUERY}`,
        `/a?${CANARY_QUERY}#x`,
        `/a?x=${"x".repeat(8_180)}&${CANARY_QUERY}`,
      ]) {
        const { text } = await stage.request(target, SECRET);
        expect(text).not.toContain("CANARY");
      }
      await stage.request("/a", { fields: ["X CANARY-name: CANARY-value"] });
      const { fields } = await stage.request(`/down/7?${CANARY_QUERY}`, SECRET);
      await stage.proxy.child.printed(new RegExp(fields.get("x-request-id") ?? "no id"));
      silent(stage, OTHERS);
    },
  },
];

conformance("secrets in log lines", {
  config: ([origin]) => ({
    listen: CANARY_LIMITS,
    log: {
      level: "debug",
      access: {
        requests: "all",
        headers: ["authorization", "cookie", "x-key", "proxy-authorization", "x-original-url"],
      },
    },
    upstreams: {
      down: "http://127.0.0.1:1/CANARY-base",
      main: { endpoints: `${origin}/CANARY-base`, timeouts: { firstByte: "400ms" } },
    },
    routes: FAILURES.map(({ kind }) => ({
      match: {
        path: `/${kind}/:token`,
        headers: { authorization: "Bearer CANARY-match" },
        query: { token: "CANARY-query" },
        cookies: { sid: "CANARY-cookie" },
      },
      upstream: kind === "down" ? "down" : "main",
      rewrite: { path: "/hook/CANARY-path/${param.token}?key=CANARY-rewritten" },
      requestHeaders: { set: { "X-Api-Key": "CANARY-edit", Authorization: "Basic CANARY-credentials" } },
    })),
  }),
  cases: secrets,
});
