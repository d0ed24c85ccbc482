import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import { beforeAll, describe, expect, it } from "vitest";
import { createGateway } from "../../../handlers/gateway.ts";
import { type MemoryPlatform, memoryPlatform } from "../../../runtimes/memory/mod.ts";
import { readConfig } from "../../../src/config/parse.ts";
import type { ConfigInput } from "../../../src/mod.ts";

const TOKEN = "token-of-the-operators";
const CANARY = "canary-5bd1";
const A = "http://a:3000";
const B = "http://b:3000";

const CONFIG: ConfigInput = {
  upstreams: {
    api: { endpoints: [A, { url: B, weight: 3 }], health: { path: "/health" }, balance: "round-robin" },
    plain: { endpoints: ["http://c:3000"], breaker: false },
  },
  routes: [
    {
      name: "api",
      upstream: "api",
      match: { path: "/api/*" },
      requestHeaders: { set: { authorization: "Bearer ${env:CANARY}", "x-note": "${env:CANARY}" } },
    },
    { name: "plain", upstream: "plain", match: { path: "/plain", headers: { "x-key": CANARY } } },
    { name: "moved", redirect: { path: "/new" }, match: { path: "/old" } },
  ],
  admin: { path: "/ops", token: TOKEN, tokens: { deploy: `${TOKEN}-2` } },
};

interface Rig {
  readonly platform: MemoryPlatform;
  readonly call: (method: string, path: string, body?: unknown, token?: string) => Promise<Response>;
  readonly visit: (path: string) => Promise<Response>;
}

const rig = (config: ConfigInput = CONFIG): Rig => {
  const answers = (name: string) => (): Response => new Response(name);
  const platform = memoryPlatform({ upstreams: { [A]: answers("a"), [B]: answers("b") }, epochMs: 1e12 });
  const { config: read, ...shown } = readConfig(config, { env: { CANARY } });
  const app = createGateway(read, platform, { shown });
  const visit = async (path: string): Promise<Response> => app.request(`http://site.test${path}`);
  return {
    platform,
    visit,
    call: async (method, path, body, token = TOKEN) =>
      app.request(`http://site.test/ops${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
  };
};

type Schema = Record<string, unknown>;
type Operation = {
  operationId: string;
  requestBody?: unknown;
  parameters?: { name: string; in: string }[];
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
};
type Document = { paths: Record<string, Record<string, Operation>> };

const documentOf = async ({ call }: Rig): Promise<Document> =>
  (await (await call("GET", "/openapi.json")).json()) as Document;

describe("OpenAPI document of the admin API", () => {
  it("is valid OpenAPI", async () => {
    const result = await new Validator().validate(await documentOf(rig()));
    expect(result.errors).toBeUndefined();
    expect(result.valid).toBe(true);
  });

  it("names each operation once, and describes every parameter of its path", async () => {
    const operations = Object.entries((await documentOf(rig())).paths).flatMap(([path, methods]) =>
      Object.values(methods).map((operation) => ({ path, operation })),
    );
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, operation } of operations) {
      const inPath = (operation.parameters ?? [])
        .filter((each) => each.in === "path")
        .map(({ name }) => name);
      expect(inPath).toEqual(Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => name));
    }
  });

  it("says for every path with another method what is allowed", async () => {
    const own = rig();
    const { paths } = await documentOf(own);
    for (const [path, methods] of Object.entries(paths)) {
      const other = ["DELETE", "PUT", "POST", "GET"].find(
        (method) => methods[method.toLowerCase()] === undefined,
      );
      const response = await own.call(other ?? "", path.replaceAll(/\{\w+\}/g, "x"));
      expect([path, response.status]).toEqual([path, 405]);
      const allow = (response.headers.get("allow") ?? "").split(", ").filter((method) => method !== "HEAD");
      expect(allow.toSorted()).toEqual(
        Object.keys(methods)
          .map((method) => method.toUpperCase())
          .toSorted(),
      );
    }
  });
});

/** What each operation is called with, so that it succeeds. */
const CALLS: Record<string, readonly [method: string, path: string, body?: unknown]> = {
  getLiveness: ["GET", "/livez"],
  getReadiness: ["GET", "/readyz"],
  getMetrics: ["GET", "/metrics"],
  getState: ["GET", "/api/state"],
  getRoutes: ["GET", "/api/routes"],
  getUpstreams: ["GET", "/api/upstreams"],
  getUpstream: ["GET", "/api/upstreams/api"],
  getFailures: ["GET", "/api/failures"],
  getConnections: ["GET", "/api/connections?limit=10&tunnels=false"],
  explain: [
    "POST",
    "/explain",
    { url: "http://site.test/api/x", headers: [{ name: "cookie", value: CANARY }] },
  ],
  drainEndpoint: ["POST", "/api/endpoints/drain", { upstream: "api", endpoint: A }],
  enableEndpoint: ["POST", "/api/endpoints/enable", { upstream: "api", endpoint: A }],
  setEndpointWeight: ["PUT", "/api/endpoints/weight", { upstream: "api", endpoint: B, weight: 7 }],
  openBreaker: ["POST", "/api/breakers/open", { upstream: "api", endpoint: A }],
  closeBreaker: ["POST", "/api/breakers/close", { upstream: "api", endpoint: A }],
  resetBreaker: ["POST", "/api/breakers/reset", { upstream: "api", endpoint: A }],
  checkHealth: ["POST", "/api/health/check", { upstream: "api" }],
  setLogLevel: ["PUT", "/log/levels/upstream.health", { level: "debug" }],
  getConfig: ["GET", "/config"],
  checkConfig: ["POST", "/config/check", { upstreams: { app: "http://localhost:1" } }],
  getOpenApi: ["GET", "/openapi.json"],
};

/** What can't succeed where no listener is Fairlead's own. */
const REFUSED: Record<string, readonly [status: number, method: string, path: string, body?: unknown]> = {
  // In memory there is no process to look into.
  upgrade: [409, "POST", "/api/upgrade", {}],
  takeCpuProfile: [501, "POST", "/debug/profile"],
  takeHeapSnapshot: [501, "POST", "/debug/heap"],
  measureEventLoop: [501, "POST", "/debug/event-loop"],
  getActiveResources: [501, "GET", "/debug/resources"],
  closeConnection: [404, "DELETE", "/api/connections/1"],
  putConfig: [422, "PUT", "/config", { upstreams: { app: "http://localhost:1" } }],
  postConfig: [422, "POST", "/config", {}],
};

describe("admin API", () => {
  const own = rig();
  let document: Document;
  let validates: (operation: Operation, status: number, body: unknown) => string;

  beforeAll(async () => {
    await own.visit("/api/x");
    await own.visit("/plain");
    await own.visit("/none?token=canary-query-1");
    document = await documentOf(own);
    const ajv = new Ajv2020({ strict: false }).addSchema({ $id: "api:", ...document });
    validates = (operation, status, body) => {
      const [content] = Object.values(operation.responses[status]?.content ?? {});
      const schema = JSON.parse(
        JSON.stringify(content?.schema ?? false).replaceAll('"#/', '"api:#/'),
      ) as Schema;
      const validate = ajv.compile(schema);
      return validate(body) ? "" : ajv.errorsText(validate.errors);
    };
  });

  const operationOf = (id: string): Operation => {
    const found = Object.values(document.paths)
      .flatMap((methods) => Object.values(methods))
      .find(({ operationId }) => operationId === id);
    if (found === undefined) throw new Error(`no operation ${id}`);
    return found;
  };

  it("has a call here for each of its operations", () => {
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(ids.toSorted()).toEqual([...Object.keys(CALLS), ...Object.keys(REFUSED)].toSorted());
  });

  it.each(Object.entries(CALLS))("answers %s as its document says", async (id, [method, path, body]) => {
    const response = await own.call(method, path, body);
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") === true;
    expect(validates(operationOf(id), 200, isJson ? JSON.parse(text) : text)).toBe("");
    expect(text).not.toContain("canary");
    expect(text).not.toContain(TOKEN);
  });

  it.each(Object.entries(REFUSED))(
    "refuses %s where it can't be",
    async (id, [status, method, path, body]) => {
      const response = await own.call(method, path, body);
      expect(response.status).toBe(status);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(validates(operationOf(id), status, await response.json())).toBe("");
    },
  );

  it.each([
    [400, "POST", "/api/endpoints/drain", { upstream: "api" }, "endpoint: missing"],
    [400, "POST", "/api/endpoints/drain", { upstream: "api", endpoint: A, x: 1 }, "x: unknown key"],
    [400, "POST", "/api/endpoints/drain", [], "expected an object"],
    [400, "PUT", "/api/endpoints/weight", { upstream: "api", endpoint: A, weight: -1 }, "weight: expected"],
    [400, "PUT", "/api/endpoints/weight", { upstream: "api", endpoint: A, weight: 1.5 }, "weight: expected"],
    [404, "POST", "/api/endpoints/drain", { upstream: "none", endpoint: A }, "no upstream"],
    [404, "POST", "/api/breakers/open", { upstream: "api", endpoint: "http://x" }, "no endpoint"],
    [
      409,
      "POST",
      "/api/breakers/open",
      { upstream: "plain", endpoint: "http://c:3000" },
      "no circuit breakers",
    ],
    [409, "POST", "/api/health/check", { upstream: "plain" }, "no health checks"],
    [404, "GET", "/api/upstreams/none", undefined, "no upstream"],
    [404, "PUT", "/log/levels/..secret", { level: "off" }, "lower-case words"],
    [400, "GET", "/api/connections?limit=0", undefined, "limit: expected"],
    [400, "GET", "/api/connections?limit=9999", undefined, "limit: expected"],
    [400, "POST", "/explain", { url: "/path" }, "not a whole URL"],
    [400, "POST", "/explain", { url: "http://x/", from: "nobody" }, "no IP address"],
    [400, "POST", "/explain", { url: "http://x/", headers: [{ name: "a b", value: "" }] }, "no"],
    [422, "POST", "/config/check", { upstreams: { app: "nonsense" } }, "upstreams.app"],
    [422, "POST", "/config/check", { upstreams: { app: "${env:HOME}" } }, "not set"],
    [422, "POST", "/config/check", { upstreams: { app: "${file:/etc/passwd}" } }, "files can't be read"],
    [
      422,
      "POST",
      "/config/check",
      { upstreams: { app: "http://a" }, admin: { token: "***" } },
      "admin.token",
    ],
    [422, "POST", "/config/check", null, "expected an object"],
  ] as const)("answers %i to %s %s %j", async (status, method, path, body, told) => {
    const response = await own.call(method, path, body);
    const problem = (await response.json()) as {
      detail: string;
      problems?: { path: string; message: string }[];
    };
    expect([status, problem]).toEqual([response.status, problem]);
    const lines = (problem.problems ?? []).map((each) => `${each.path}: ${each.message}`);
    expect([problem.detail, ...lines].join("\n")).toContain(told);
  });

  it("takes content as JSON alone, of a bounded size and depth", async () => {
    const send = async (type: string | undefined, body: string): Promise<number> => {
      const { config } = readConfig(CONFIG, { env: { CANARY } });
      const response = await createGateway(config, memoryPlatform()).request(
        "http://site.test/ops/config/check",
        {
          method: "POST",
          headers: { authorization: `Bearer ${TOKEN}`, ...(type !== undefined && { "content-type": type }) },
          body: new TextEncoder().encode(body),
        },
      );
      return response.status;
    };
    expect(await send("text/plain", "{}")).toBe(415);
    expect(await send("application/x-www-form-urlencoded", "upstream=api")).toBe(415);
    expect(await send(undefined, "{}")).toBe(415);
    expect(await send("application/json", "{")).toBe(400);
    expect(await send("application/json", "[".repeat(66) + "]".repeat(66))).toBe(400);
    expect(await send("application/json", "[".repeat(100_000) + "]".repeat(100_000))).toBe(400);
    expect(await send("application/json; charset=utf-8", "{}")).toBe(422);
    expect(await send("application/json", `"${"x".repeat(2 ** 20)}"`)).toBe(413);
  });
});

describe("changes by hand", () => {
  const endpoints = async ({ call }: Rig) => {
    const { endpoints: found } = (await (await call("GET", "/api/upstreams/api")).json()) as {
      endpoints: Record<string, unknown>[];
    };
    return found;
  };

  it("take an endpoint out of traffic and back, with what is configured and what counts", async () => {
    const own = rig({
      ...CONFIG,
      upstreams: { ...CONFIG.upstreams, api: { endpoints: [A, { url: B, weight: 3 }] } },
    });
    const visits = async (): Promise<Set<string>> =>
      new Set(await Promise.all(Array.from({ length: 40 }, async () => (await own.visit("/api/x")).text())));
    expect(await visits()).toEqual(new Set(["a", "b"]));
    await own.call("POST", "/api/endpoints/drain", { upstream: "api", endpoint: B });
    expect(await visits()).toEqual(new Set(["a"]));
    expect((await endpoints(own))[1]).toMatchObject({
      drained: true,
      exclusion: "drained",
      weight: { configured: 3, effective: 0 },
    });
    await own.call("PUT", "/api/endpoints/weight", { upstream: "api", endpoint: B, weight: 9 });
    expect((await endpoints(own))[1]).toMatchObject({ weight: { configured: 3, byHand: 9, effective: 0 } });
    await own.call("POST", "/api/endpoints/enable", { upstream: "api", endpoint: B });
    expect((await endpoints(own))[1]).toMatchObject({ drained: false, weight: { byHand: 9, effective: 9 } });
    await own.call("PUT", "/api/endpoints/weight", { upstream: "api", endpoint: B, weight: null });
    expect((await endpoints(own))[1]?.["weight"]).toEqual({ configured: 3, effective: 3 });
  });

  it("open, close and reset a breaker", async () => {
    const own = rig();
    const stateAfter = async (to: string): Promise<unknown> => {
      await own.call("POST", `/api/breakers/${to}`, { upstream: "api", endpoint: A });
      return (await endpoints(own))[0]?.["breaker"];
    };
    // Without a time: it stays open until somebody closes it.
    expect(await stateAfter("open")).toEqual({ state: "open" });
    expect(await stateAfter("close")).toEqual({ state: "closed" });
    await stateAfter("open");
    expect(await stateAfter("reset")).toEqual({ state: "closed" });
  });

  it("check the health of endpoints, drained ones too, and wait for the result", async () => {
    const own = rig();
    await own.call("POST", "/api/endpoints/drain", { upstream: "api", endpoint: A });
    const check = await own.call("POST", "/api/health/check", { upstream: "api", endpoint: A });
    expect(check.status).toBe(200);
    expect((await endpoints(own))[0]?.["health"]).toEqual({ state: "up", lastResult: "status 200" });
  });

  it("are audit lines with who, what and the result", async () => {
    const own = rig();
    await own.call("POST", "/api/endpoints/drain", { upstream: "api", endpoint: A }, `${TOKEN}-2`);
    await own.call("POST", "/api/endpoints/drain", { upstream: "api", endpoint: "http://x" });
    await own.call("PUT", "/config", { upstreams: { a: "http://a" } });
    const lines = own.platform.lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ event }) => event === "audit");
    expect(lines).toMatchObject([
      {
        level: "info",
        message: `endpoint ${A} of upstream "api" is drained`,
        peer: "192.0.2.1",
        token: "deploy",
        result: "done",
      },
      { level: "warning", token: "token", result: 'unknown: upstream "api" has no endpoint http://x' },
      { level: "warning", message: "a config is put into effect", token: "token" },
    ]);
    expect(lines[2]?.["result"]).toContain("refused");
  });
});

describe("explanation as JSON", () => {
  it("tells route, endpoint, header sections and why not the others, without secrets", async () => {
    const own = rig();
    const headers = [{ name: "cookie", value: "session=canary-cookie" }];
    const response = await own.call("POST", "/explain", {
      url: "http://site.test/api/x?token=canary-q",
      headers,
    });
    const text = await response.text();
    expect(text).not.toContain("canary");
    expect(JSON.parse(text)).toMatchObject({
      route: { name: "api", match: "/api/*" },
      upstream: { name: "api", method: "GET", target: "/api/x?token=***" },
      otherRoutes: expect.arrayContaining([
        expect.objectContaining({ name: "moved", outcome: "unmatched" }) as unknown,
      ]) as unknown,
    });
    const fields = (JSON.parse(text) as { requestFields: unknown[] }).requestFields;
    expect(fields).toContainEqual({ change: "added", name: "authorization", value: "***" });
    expect(fields).toContainEqual({ change: "added", name: "x-note", value: "***" });
    expect(fields).toContainEqual({ change: "kept", name: "cookie", value: "***" });
  });

  it("goes by the endpoints as they are, and changes nothing", async () => {
    const own = rig({ ...CONFIG, upstreams: { ...CONFIG.upstreams, api: { endpoints: [A, B] } } });
    await own.call("POST", "/api/endpoints/drain", { upstream: "api", endpoint: A });
    for (let i = 0; i < 4; i += 1) {
      const response = await own.call("POST", "/explain", { url: "http://site.test/api/x" });
      expect(await response.json()).toMatchObject({
        upstream: { endpoint: B, excluded: [{ endpoint: A, reason: "drained" }] },
      });
    }
    await own.call("POST", "/api/breakers/open", { upstream: "api", endpoint: B });
    const response = await own.call("POST", "/explain", { url: "http://site.test/api/x" });
    expect(await response.json()).toMatchObject({
      answer: {
        status: 503,
        code: "circuit-open",
        excluded: [
          { upstream: "api", endpoint: A, reason: "drained" },
          { upstream: "api", endpoint: B, reason: "circuit-open" },
        ],
      },
    });
    const state = (await (await own.call("GET", "/api/state")).json()) as { traffic: { requests: number } };
    expect(state.traffic.requests).toBe(0);
  });
});
