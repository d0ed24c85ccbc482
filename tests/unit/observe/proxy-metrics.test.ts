/** A gateway over scripted upstreams, and what is counted of its traffic. */
import { describe, expect, it } from "vitest";
import { answerRequest } from "../../../handlers/answer.ts";
import { memoryPlatform } from "../../../runtimes/memory/mod.ts";
import type { ScriptedUpstream } from "../../../runtimes/memory/mod.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import type { ConfigInput } from "../../../src/config/types.ts";
import { buildGateway } from "../../../src/gateway.ts";
import { countOf } from "../../../src/observe/metric-reading.ts";
import { type MetricOptions, MetricRegistry } from "../../../src/observe/metric-registry.ts";
import { SharedMemory, sharedMetrics } from "../../../src/observe/shared-memory.ts";
import { ProxyMetrics } from "../../../src/observe/proxy-metrics.ts";
import { allInstruments } from "../../../src/observe/instruments.ts";
import { UPSTREAM_INSTRUMENTS } from "../../../src/observe/upstream-instruments.ts";
import { createEndpoint } from "../../../src/upstream/endpoint.ts";
import type { Upstream } from "../../../src/upstream/upstream.ts";
import { instrumentOf, valueIn } from "../../support/metrics.ts";

interface Proxy {
  readonly metrics: ProxyMetrics;
  readonly upstream: Upstream;
  /** Lets seconds pass. */
  wait(seconds?: number): Promise<void>;
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** `name{attribute=value,…}` → value, or the count of a histogram; of one instrument. */
  counts(name: string): Readonly<Record<string, number>>;
}

const proxyOf = (
  config: ConfigInput,
  upstreams: Readonly<Record<string, ScriptedUpstream>>,
  options: MetricOptions = {},
): Proxy => {
  const platform = memoryPlatform({ upstreams });
  const metrics = new ProxyMetrics({ ...options, epoch: () => platform.clock.epoch() });
  const gateway = buildGateway(parseConfig(config), platform, { metrics });
  return {
    metrics,
    get upstream() {
      return gateway.plan.upstreams.get("api") ?? expect.fail("no upstream");
    },
    wait: (seconds = 1) => platform.clock.advance(seconds * 1_000),
    ask: (path, init) =>
      answerRequest(new Request(`http://example.com${path}`, init), {
        env: undefined,
        context: undefined,
        gateway,
        platform,
      }),
    counts(name) {
      const reading = metrics.registry.read().find(({ instrument }) => instrument.name === name);
      const entries = (reading?.points ?? []).map(({ attributes, value }) => {
        return [attributes === "overflow" ? attributes : attributes.join(" "), countOf(value)] as const;
      });
      return Object.fromEntries(entries);
    },
  };
};

const body = (error?: Error): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode("part"));
      if (error === undefined) controller.close();
    },
    pull(controller) {
      if (error !== undefined) controller.error(error);
    },
  });

const ONE: ConfigInput = {
  upstreams: { api: "http://api:3000" },
  routes: [{ name: "all", upstream: "api" }],
};
const SERVER = "http.server.request.duration";
const CLIENT = "http.client.request.duration";

describe("requests", () => {
  it("are counted once by method, status, route and endpoint", async () => {
    const proxy = proxyOf(ONE, { "http://api:3000": ({ method }) => new Response(method) });
    for (const method of ["GET", "GET", "POST"]) await (await proxy.ask("/", { method })).text();
    expect(proxy.counts(SERVER)).toEqual({ "GET http 200   /* all": 2, "POST http 200   /* all": 1 });
    expect(proxy.counts(CLIENT)).toEqual({ "GET 200  api api 3000": 2, "POST 200  api api 3000": 1 });
    expect(proxy.counts("http.server.active_requests")).toEqual({ "GET http": 0, "POST http": 0 });
    expect(proxy.counts("http.server.response.body.size")).toEqual(proxy.counts(SERVER));
  });

  it("are active until their response has ended", async () => {
    const proxy = proxyOf(ONE, { "http://api:3000": () => new Response(body()) });
    const response = await proxy.ask("/");
    expect(proxy.counts("http.server.active_requests")).toEqual({ "GET http": 1 });
    expect(proxy.counts("http.client.active_requests")).toEqual({ "api api 3000": 1 });
    expect(proxy.counts(SERVER)).toEqual({});
    await response.text();
    expect(proxy.counts("http.server.active_requests")).toEqual({ "GET http": 0 });
    expect(proxy.counts("http.client.active_requests")).toEqual({ "api api 3000": 0 });
    expect(proxy.counts(SERVER)).toEqual({ "GET http 200   /* all": 1 });
  });

  it("that fail behind the head count as failures, once", async () => {
    const proxy = proxyOf(ONE, { "http://api:3000": () => new Response(body(new Error("gone"))) });
    await expect((await proxy.ask("/")).text()).rejects.toThrow("broke off");
    const [server] = Object.entries(proxy.counts(SERVER));
    expect(server?.[0]).toMatch(/^GET http 200 upstream-reset {2}\/\* all$/);
    expect(server?.[1]).toBe(1);
    expect(proxy.counts(CLIENT)).toEqual({ "GET 200 upstream-reset api api 3000": 1 });
  });

  it("whose client leaves count as that", async () => {
    const proxy = proxyOf(ONE, { "http://api:3000": () => new Response(body(new Error("never read"))) });
    await (await proxy.ask("/")).body?.cancel();
    expect(Object.keys(proxy.counts(SERVER))).toEqual(["GET http 499 client-closed  /* all"]);
    expect(Object.values(proxy.counts("http.server.active_requests"))).toEqual([0]);
  });

  it("of any method are few series", async () => {
    const proxy = proxyOf(ONE, { "http://api:3000": () => new Response() });
    for (const method of ["PURGE", "X1", "X2"]) await proxy.ask("/", { method });
    expect(proxy.counts(SERVER)).toEqual({ "_OTHER http 200   /* all": 3 });
  });

  it("of one route are apart by the path that matched", async () => {
    const paths = ["/users/:id", "/v1/*", { regex: "/n/[0-9]+" }];
    const route = { name: "shop", match: paths.map((path) => ({ path })), upstream: "api" };
    const proxy = proxyOf({ ...ONE, routes: [route] }, { "http://api:3000": () => new Response() });
    for (const path of ["/users/1", "/users/2", "/v1", "/v1/x", "/n/7"]) await proxy.ask(path);
    expect(proxy.counts(SERVER)).toEqual({
      "GET http 200   /users/:id shop": 2,
      "GET http 200   /v1/* shop": 2,
      "GET http 200   /n/[0-9]+ shop": 1,
    });
  });

  it("that are refused before a route are rejections", async () => {
    const config: ConfigInput = { ...ONE, routes: [{ match: { path: "/a" }, upstream: "api" }] };
    const proxy = proxyOf({ ...config, validation: { methods: ["GET"] } }, {});
    await proxy.ask("/b");
    await proxy.ask("/a", { method: "POST" });
    expect(proxy.counts("fairlead.request.rejections")).toEqual({ "no-route": 1, "method-not-allowed": 1 });
    expect(proxy.counts(SERVER)).toEqual({
      "GET http 404 no-route   ": 1,
      "POST http 405 method-not-allowed   ": 1,
    });
    expect(proxy.counts(CLIENT)).toEqual({});
  });

  it("with content tell its announced length", async () => {
    const proxy = proxyOf(ONE, { "http://api:3000": async (request) => new Response(await request.text()) });
    const headers = { "content-length": "5" };
    await (await proxy.ask("/", { method: "POST", headers, body: "12345" })).text();
    const sizes = proxy.metrics.registry
      .read()
      .filter(({ instrument }) => instrument.name.endsWith("body.size"))
      .map(({ instrument, points: [point] }) => [
        instrument.name,
        typeof point?.value === "object" ? point.value.sum : undefined,
      ]);
    expect(Object.fromEntries(sizes)).toEqual({
      "http.client.request.body.size": 5,
      "http.client.response.body.size": 5,
      "http.server.request.body.size": 5,
      "http.server.response.body.size": 5,
    });
  });
});

describe("attempts", () => {
  const group: ConfigInput = {
    upstreams: { api: { endpoints: ["http://a:1", "http://b:2"], balance: "round-robin" } },
    routes: [{ name: "all", upstream: "api" }],
  };

  it("are counted each, and a request once whose retry succeeds", async () => {
    const proxy = proxyOf(group, {
      "http://a:1": () => new Response(null, { status: 503 }),
      "http://b:2": () => new Response("fine"),
    });
    for (let i = 0; i < 4; i += 1) {
      const asked = proxy.ask("/");
      await proxy.wait();
      await (await asked).text();
    }
    const attempts = proxy.counts(CLIENT);
    const retried = Object.values(proxy.counts("fairlead.upstream.retries")).reduce((sum, n) => sum + n, 0);
    expect(proxy.counts(SERVER)).toEqual({ "GET http 200   /* all": 4 });
    expect(attempts["GET 200  api b 2"]).toBe(4);
    expect(Object.values(attempts).reduce((sum, n) => sum + n, 0)).toBe(4 + retried);
    expect(retried).toBeGreaterThan(0);
    expect(proxy.counts("fairlead.upstream.selection.duration")).toEqual({ api: 4 + retried });
  });

  it("that open a breaker show in its state, and what it refuses is shed", async () => {
    const config: ConfigInput = {
      upstreams: { api: { endpoints: "http://a:1", breaker: { failures: 2 } } },
      routes: [{ name: "all", upstream: "api" }],
    };
    const proxy = proxyOf(config, { "http://a:1": () => new Response(null, { status: 503 }) });
    for (let i = 0; i < 3; i += 1) await proxy.ask("/");
    expect(proxy.counts("fairlead.endpoint.breaker.state")).toEqual({
      "api a 1 closed": 0,
      "api a 1 open": 1,
      "api a 1 half-open": 0,
    });
    expect(proxy.counts("fairlead.endpoint.breaker.transitions")).toEqual({ "api a 1 open": 1 });
    expect(proxy.counts("fairlead.endpoint.available")).toEqual({ "api a 1": 0 });
    expect(proxy.counts("fairlead.request.shed")).toEqual({ "all circuit-open": 1 });
  });
});

describe("endpoints that have left", () => {
  it("leave their series to others after a quarter of an hour", async () => {
    const proxy = proxyOf(ONE, {
      "http://api:3000": () => new Response(),
      "http://other:1": () => new Response(),
    });
    const { upstream } = proxy;
    await proxy.ask("/");
    upstream.update([
      createEndpoint({
        upstream: "api",
        url: "http://other:1",
        weight: 1,
        tls: undefined,
        pool: { connections: Infinity, idle: 1, keepAliveMs: 1_000 },
      }),
    ]);
    await proxy.ask("/");
    expect(proxy.counts(CLIENT)).toEqual({ "GET 200  api api 3000": 1, "GET 200  api other 1": 1 });
    await proxy.wait(15 * 60);
    // The reading in which they are forgotten still has them.
    proxy.counts(CLIENT);
    expect(proxy.counts(CLIENT)).toEqual({ "GET 200  api other 1": 1 });
    expect(proxy.counts("fairlead.upstream.connections.reused")).toEqual({ "api other 1": 0 });
    // Its place is taken by one that begins at 0.
    await proxy.ask("/", { method: "PUT" });
    expect(proxy.counts(CLIENT)).toEqual({ "GET 200  api other 1": 1, "PUT 200  api other 1": 1 });
  });
});

describe("endpoints of threads that have left", () => {
  const QUARTER_MS = 15 * 60_000;
  const GONE = ["api", "gone", 1];
  const transition = {
    kind: "breaker",
    upstream: "api",
    endpoint: "http://gone:1",
    to: "open",
    reason: "test",
  } as const;

  it("leave their series to others once no thread has seen them for a quarter of an hour", () => {
    const shared = sharedMetrics({ writers: 3 });
    const make = (row: number): ProxyMetrics =>
      new ProxyMetrics({ epoch: () => 0, memory: new SharedMemory(shared, row) });
    const [one, two, lost] = [make(0), make(1), make(2)];
    const count = (): unknown =>
      one.registry
        .read()
        .find(({ instrument }) => instrument.name === "fairlead.endpoint.breaker.transitions")
        ?.points.find(({ attributes }) => attributes !== "overflow")?.value;
    for (const metrics of [one, two, lost]) {
      metrics.endpointSeen(GONE, 0);
      metrics.telemetry.upstreamEvent(transition);
      metrics.forgetGone(0);
    }
    expect(count()).toBe(3);
    two.endpointSeen(GONE, 1_000);
    one.forgetGone(QUARTER_MS);
    two.forgetGone(QUARTER_MS);
    expect(count()).toBe(3);
    two.forgetGone(QUARTER_MS + 1_000);
    // One that has ended forgets nothing: the one in its place does, as late.
    const next = make(2);
    next.forgetGone(QUARTER_MS);
    expect(count()).toBe(3);
    next.forgetGone(2 * QUARTER_MS);
    expect(count()).toBeUndefined();
  });
});

describe("many routes", () => {
  it("share one series beyond the limit", async () => {
    const routes = ["a", "b", "c"].map((name) => ({
      name,
      match: { path: `/${name}` },
      respond: { body: name },
    }));
    const proxy = proxyOf({ routes }, {}, { maxSeries: 2 });
    for (const path of ["/a", "/b", "/c", "/c", "/a"]) await (await proxy.ask(path)).text();
    expect(proxy.counts(SERVER)).toEqual({ "GET http 200   /a a": 2, "GET http 200   /b b": 1, overflow: 2 });
  });
});

describe("instruments", () => {
  it("have names of their own, and bounds in rising order", () => {
    const all = allInstruments();
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    for (const instrument of all) {
      const { bounds = [] } = instrument;
      const isRising = bounds.every((bound, index) => index === 0 || bound > (bounds[index - 1] ?? 0));
      expect(instrument).toSatisfy(() => isRising && bounds.length > 0 === (instrument.kind === "histogram"));
    }
    expect(() => new MetricRegistry().know(all)).not.toThrow();
  });
});

describe("metrics in shared memory", () => {
  it("keep room for every instrument, and say what they have no room for", () => {
    const memory = new SharedMemory(sharedMetrics({ writers: 1, columns: 1_024 }));
    const metrics = new ProxyMetrics({ memory, epoch: () => 0 });
    const filler = instrumentOf();
    for (let i = 0; i < 2_000; i += 1) metrics.registry.sum(filler, [i, 1]).add(1);
    const { retries } = UPSTREAM_INSTRUMENTS;
    for (let i = 0; i < 1_000; i += 1) metrics.registry.sum(retries, [`upstream ${i}`, "503"]).add(1);
    expect(valueIn(metrics.registry, retries.name, "overflow")).toBe(1_000);
    expect(valueIn(metrics.registry, "fairlead.telemetry.unshown", [])).toBe(0);
    // Its name is longer than what is left.
    metrics.registry.sum(instrumentOf({ name: "late".repeat(100) }), ["a", 1]).add(2);
    expect(valueIn(metrics.registry, "fairlead.telemetry.unshown", [])).toBe(2);
  });
});
