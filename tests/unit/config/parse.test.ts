import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/config/parse.ts";
import type { ConfigInput, RouteConfig, RouteInput, UpstreamConfig } from "../../../src/config/types.ts";

const upstreamOf = (input: NonNullable<ConfigInput["upstreams"]>[string]): UpstreamConfig | undefined =>
  parseConfig({ upstreams: { api: input } }).upstreams["api"];

const routeOf = (input: RouteInput): RouteConfig | undefined =>
  parseConfig({ upstreams: { api: "http://a", other: "http://b" }, routes: [input] }).routes[0];

const EVERYTHING = {
  hosts: undefined,
  path: undefined,
  methods: undefined,
  headers: [],
  query: [],
  cookies: [],
};

describe("defaults", () => {
  it("fill in everything around one upstream", () => {
    expect(parseConfig({ upstreams: { app: "http://localhost:3000" } })).toMatchObject({
      threads: 1,
      listen: {
        port: 8080,
        host: "::",
        socket: undefined,
        socketMode: "0660",
        proxyProtocol: undefined,
        tls: undefined,
        also: [],
        trustedProxies: [],
        readyPath: undefined,
        limits: {
          headerBytes: 32_768,
          headers: 100,
          targetBytes: 8192,
          bodyBytes: 104_857_600,
          connections: 10_000,
          connectionsPerClient: Number.POSITIVE_INFINITY,
          requestsPerConnection: 10_000,
          minRate: 0,
        },
        halfClose: "close",
        timeouts: { headerMs: 10_000, keepAliveMs: 75_000 },
        drain: { delayMs: 5000, timeoutMs: 30_000 },
      },
      upstreams: {
        app: {
          endpoints: [
            { url: "http://localhost:3000", weight: 1, priority: 0, zone: undefined, region: undefined },
          ],
          discovery: undefined,
          balance: {
            policy: "p2c",
            key: undefined,
            bound: undefined,
            sticky: undefined,
            prefer: undefined,
            zone: undefined,
            regionFrom: undefined,
          },
          health: undefined,
          ejection: {
            intervalMs: 10_000,
            requests: 100,
            endpoints: 5,
            deviations: 1.9,
            durationMs: 30_000,
            maxDurationMs: 300_000,
            maxShare: 0.5,
          },
          panic: 0,
          slowStartMs: 30_000,
          breaker: undefined,
          retry: undefined,
          hedge: undefined,
          concurrency: undefined,
          host: "upstream",
          tls: undefined,
          timeouts: {
            connectMs: 3000,
            firstByteMs: 15_000,
            attemptMs: undefined,
            idleMs: undefined,
            tunnelIdleMs: 300_000,
          },
          pool: { connections: Number.POSITIVE_INFINITY, idle: 256, keepAliveMs: 4000 },
          limits: { headerBytes: 65_536 },
          transport: undefined,
        },
      },
      routes: [
        {
          name: "route 1",
          match: [EVERYTHING],
          upstreams: [{ name: "app", weight: 1, requestHeaders: undefined, responseHeaders: undefined }],
          sticky: undefined,
          failover: undefined,
          mirror: undefined,
          redirect: undefined,
          respond: undefined,
          rewrite: undefined,
          requestHeaders: undefined,
          responseHeaders: undefined,
          timeouts: {
            totalMs: undefined,
            firstByteMs: undefined,
            idleMs: undefined,
            tunnelIdleMs: undefined,
          },
          middleware: [],
          bodyBytes: undefined,
          upgrade: ["websocket"],
          encodedSlash: undefined,
        },
      ],
      validation: {
        methods: undefined,
        hosts: undefined,
        contentTypes: undefined,
        underscores: "drop",
        encodedSlash: "reject",
      },
      securityHeaders: {
        preset: "default",
        headers: {},
        override: false,
        remove: ["server", "x-powered-by"],
      },
      requestId: { header: "x-request-id", trust: "trusted" },
      forwarding: { xForwarded: true, forwarded: false, via: "fairlead", clientCert: false },
      log: {
        output: "stderr",
        format: "auto",
        level: "info",
        levels: {},
        otlp: false,
        access: { requests: "failed", format: "auto", sample: 1, headers: [] },
        redact: { query: [], params: ["*"], headers: [] },
      },
      admin: {
        port: undefined,
        host: "127.0.0.1",
        hosts: [],
        socket: undefined,
        socketMode: "0600",
        tls: undefined,
        dashboard: true,
        path: undefined,
        token: undefined,
        tokens: {},
      },
      telemetry: {
        serviceName: undefined,
        resource: {},
        metrics: { maxSeries: 2_000, durationBounds: undefined, temporality: undefined, url: undefined },
        otlp: {
          endpoint: undefined,
          protocol: "http/protobuf",
          headers: {},
          intervalMs: undefined,
          timeoutMs: 10_000,
          queueBytes: 4 * 1024 * 1024,
        },
      },
      middleware: [],
    });
  });

  it("count where a key holds undefined", () => {
    expect(parseConfig({ listen: { port: undefined }, upstreams: { a: "http://a" } }).listen.port).toBe(8080);
  });

  it("name routes by their position", () => {
    const { routes } = parseConfig({
      upstreams: { a: "http://a" },
      routes: [{ upstream: "a" }, { name: "mine", upstream: "a" }, { upstream: "a" }],
    });
    expect(routes.map(({ name }) => name)).toEqual(["route 1", "mine", "route 3"]);
  });
});

describe("upstream", () => {
  it("may be a URL, a list, or an object with either", () => {
    const unset = { priority: 0, zone: undefined, region: undefined };
    const one = [{ url: "http://a", weight: 1, ...unset }];
    expect(upstreamOf("http://a")?.endpoints).toEqual(one);
    expect(upstreamOf(["http://a"])?.endpoints).toEqual(one);
    expect(upstreamOf({ endpoints: "http://a" })?.endpoints).toEqual(one);
    expect(upstreamOf({ endpoints: { url: "http://a" } })?.endpoints).toEqual(one);
    expect(upstreamOf(["http://a", { url: "unix:/run/b.sock", weight: 3 }])?.endpoints).toEqual([
      ...one,
      { url: "unix:/run/b.sock", weight: 3, ...unset },
    ]);
  });

  it("reads units of its durations", () => {
    const timeouts = { connect: 250, firstByte: "1.5s", idle: "2m" };
    expect(upstreamOf({ endpoints: "http://a", timeouts })?.timeouts).toEqual({
      connectMs: 250,
      firstByteMs: 1500,
      attemptMs: undefined,
      idleMs: 120_000,
      tunnelIdleMs: 300_000,
    });
  });

  it("may have any name that an object can hold", () => {
    const { upstreams } = parseConfig({ upstreams: { constructor: "http://a" } });
    expect(Object.keys(upstreams)).toEqual(["constructor"]);
  });
});

describe("match", () => {
  it("reads the kind of a path from its text", () => {
    const pathOf = (path: string) => routeOf({ match: { path }, upstream: "api" })?.match[0]?.path;
    expect(pathOf("/login")).toEqual({ kind: "exact", value: "/login" });
    expect(pathOf("/v1/*")).toEqual({ kind: "prefix", value: "/v1" });
    expect(pathOf("/*")).toEqual({ kind: "prefix", value: "/" });
    expect(pathOf("/users/:id/files")).toEqual({ kind: "pattern", value: "/users/:id/files" });
    expect(pathOf("/users/:id/*")).toEqual({ kind: "pattern", value: "/users/:id/*" });
    expect(pathOf("/café")).toEqual({ kind: "exact", value: "/caf%C3%A9" });
  });

  it("takes the long forms of a path", () => {
    const pathOf = (path: { exact: string } | { prefix: string } | { pattern: string }) =>
      routeOf({ match: { path }, upstream: "api" })?.match[0]?.path;
    expect(pathOf({ exact: "/a/:b" })).toEqual({ kind: "exact", value: "/a/:b" });
    expect(pathOf({ prefix: "/v1/" })).toEqual({ kind: "prefix", value: "/v1" });
    expect(pathOf({ pattern: "/:a" })).toEqual({ kind: "pattern", value: "/:a" });
  });

  it("spells out one or many of everything", () => {
    const match = {
      host: ["API.example.com", "*.Example.org"],
      method: "GET",
      headers: { "X-Kind": "a", "x-there": true },
      query: { q: { regex: "^a+$" } },
      cookies: { Seen: false },
    };
    expect(routeOf({ match: [match, {}], upstream: "api" })?.match).toEqual([
      {
        hosts: ["api.example.com", "*.example.org"],
        path: undefined,
        methods: ["GET"],
        headers: [
          { name: "x-kind", test: { kind: "exact", value: "a" } },
          { name: "x-there", test: { kind: "present", value: true } },
        ],
        query: [{ name: "q", test: { kind: "regex", source: "^a+$" } }],
        cookies: [{ name: "Seen", test: { kind: "present", value: false } }],
      },
      EVERYTHING,
    ]);
  });
});

describe("route", () => {
  it("splits between upstreams", () => {
    const upstream = [{ name: "api", weight: 9 }, { name: "other" }];
    expect(routeOf({ upstream })?.upstreams).toEqual([
      { name: "api", weight: 9, requestHeaders: undefined, responseHeaders: undefined },
      { name: "other", weight: 1, requestHeaders: undefined, responseHeaders: undefined },
    ]);
  });

  it("spells out header edits, names in lower case", () => {
    const requestHeaders = {
      set: { "X-A": "${client.address}" },
      append: { "X-B": "1", "x-c": ["2", "3"] },
      remove: "X-D",
    };
    expect(routeOf({ upstream: "api", requestHeaders })?.requestHeaders).toEqual({
      set: { "x-a": "${client.address}" },
      append: { "x-b": ["1"], "x-c": ["2", "3"] },
      remove: ["x-d"],
    });
  });

  it("reads unlimited bodies and all its durations", () => {
    const route = routeOf({ upstream: "api", bodyBytes: "unlimited", timeouts: { total: "1h", idle: 0 } });
    expect(route?.bodyBytes).toBe(Number.POSITIVE_INFINITY);
    expect(route?.timeouts).toEqual({ totalMs: 3_600_000, firstByteMs: undefined, idleMs: 0 });
  });

  it("answers and redirects with defaults", () => {
    expect(routeOf({ respond: {} })?.respond).toEqual({ status: 200, headers: {}, body: "" });
    expect(routeOf({ redirect: { scheme: "https" } })?.redirect).toEqual({
      status: 302,
      scheme: "https",
      host: undefined,
      port: undefined,
      prefix: undefined,
      path: undefined,
    });
  });

  it("keeps an escaped variable as text where none can stand", () => {
    expect(routeOf({ respond: { body: "a $${b} c" } })?.respond?.body).toBe("a ${b} c");
  });
});

describe("security headers", () => {
  it("may be named by their preset, or be off", () => {
    const read = (securityHeaders: NonNullable<ConfigInput["securityHeaders"]>) =>
      parseConfig({ upstreams: { a: "http://a" }, securityHeaders }).securityHeaders;
    expect(read(false)).toBe(false);
    expect(read("strict")).toMatchObject({ preset: "strict", override: false });
    expect(read({ headers: { "X-Frame-Options": false } })).toMatchObject({
      preset: "default",
      headers: { "x-frame-options": false },
    });
  });
});

describe("references to the environment", () => {
  it("are looked up in what is given", () => {
    const input = {
      upstreams: { a: "http://${env:HOST}:3000" },
      listen: { limits: { headers: "${env:N}" } },
    };
    const config = parseConfig(input, { env: { HOST: "inner", N: "7" } });
    expect(config.upstreams["a"]?.endpoints[0]?.url).toBe("http://inner:3000");
    expect(config.listen.limits.headers).toBe(7);
  });

  it("never bring a variable of their own", () => {
    const input = {
      upstreams: { a: "http://a" },
      routes: [{ upstream: "a", requestHeaders: { set: { "x-a": "${env:A}" } } }],
    };
    const { routes } = parseConfig(input, { env: { A: "${client.address}" } });
    expect(routes[0]?.requestHeaders?.set["x-a"]).toBe("$${client.address}");
  });
});
