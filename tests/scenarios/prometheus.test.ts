/** A real Prometheus scrapes the proxy on every runtime, and answers with what was sent. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Prometheus, prometheusBinary, promtool, startPrometheus } from "../support/prometheus.ts";
import { RawOrigin } from "../support/raw-origin.ts";
import { RUNTIMES, type RunningProxy, type RuntimeName, startProxy } from "../support/runtimes.ts";
import { ROOT } from "../support/sources.ts";
import { Stage } from "../support/suite.ts";

const TOKEN = "token-of-prometheus";
const PATH = "/_fairlead";
const RULES = join(ROOT, "deploy/prometheus/fairlead.rules.yml");
/** Requests on each runtime. */
const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const SENT = { fine: 11, posted: 4, missing: 3, broken: 2 };

const binary = prometheusBinary();

test("Prometheus is there where it must be", () => {
  const advice = "prometheus is not installed (Debian: apt-get install prometheus); nothing scrapes";
  if (binary === undefined) process.stderr.write(`${advice}\n`);
  expect({ present: binary !== undefined, ci: process.env["CI"] !== undefined }).not.toEqual({
    present: false,
    ci: true,
  });
});

const scraped = async (proxy: RunningProxy | undefined): Promise<string> => {
  if (proxy === undefined) throw new Error("no proxy");
  const { admin, port } = proxy;
  const target = admin === undefined ? `${port}${PATH}/metrics` : `${admin}/metrics`;
  const headers = { authorization: `Bearer ${TOKEN}`, accept: "text/plain" };
  return (await fetch(`http://127.0.0.1:${target}`, { headers })).text();
};

describe.skipIf(binary === undefined)("Prometheus", () => {
  const proxies = new Map<RuntimeName, RunningProxy>();
  let origin: RawOrigin | undefined;
  let prometheus: Prometheus | undefined;

  beforeAll(async () => {
    origin = await RawOrigin.start();
    for (const runtime of RUNTIMES) {
      const admin = runtime === "workerd" ? { path: PATH, token: TOKEN } : { port: 0, token: TOKEN };
      const proxy = await startProxy(runtime, {
        upstreams: { main: origin.url },
        routes: [{ name: "all", match: { path: "/a" }, upstream: "main" }],
        admin,
        telemetry: { traces: { sample: 0, trust: "always" } },
      });
      proxies.set(runtime, proxy);
      const stage = new Stage(proxy, [origin]);
      const fields = [`traceparent: 00-${TRACE_ID}-b7ad6b7169203331-01`];
      await stage.request("/a", { fields });
      for (let i = 1; i < SENT.fine; i += 1) await stage.request("/a");
      for (let i = 0; i < SENT.posted; i += 1) await stage.request("/a", { method: "POST", body: "12345" });
      for (let i = 0; i < SENT.missing; i += 1) await stage.request("/none");
      origin.script((x) => x.wire.reset());
      for (let i = 0; i < SENT.broken; i += 1) await stage.request("/a", { method: "POST", body: "x" });
      origin.reset();
      stage.end();
    }
    const targets = Array.from(proxies.values(), ({ runtime, port, admin }) => ({
      job: runtime,
      port: admin ?? port,
      path: admin === undefined ? `${PATH}/metrics` : "/metrics",
      token: TOKEN,
    }));
    prometheus = await startPrometheus(binary ?? "", targets, [RULES]);
  });

  afterAll(async () => {
    await prometheus?.stop();
    for (const proxy of proxies.values()) await proxy.stop();
    await origin?.stop();
  });

  const running = (): Prometheus => {
    if (prometheus === undefined) throw new Error("Prometheus does not run");
    return prometheus;
  };

  const everywhere = (value: number): Record<string, number> =>
    Object.fromEntries(RUNTIMES.map((runtime) => [runtime, value]));

  test("reaches every runtime", async () => {
    const up = await running().queryUntil(
      "up == 1",
      ["job"],
      (found) => Object.keys(found).length === RUNTIMES.length,
    );
    expect(up).toEqual(everywhere(1));
  });

  const total = SENT.fine + SENT.posted + SENT.missing + SENT.broken;
  test.each([
    ["all requests", "sum by (job) (http_server_request_duration_seconds_count)", total],
    [
      "requests of a route that succeeded",
      'sum by (job) (http_server_request_duration_seconds_count{fairlead_route="all",http_response_status_code="200"})',
      SENT.fine + SENT.posted,
    ],
    [
      "requests that failed",
      'sum by (job) (http_server_request_duration_seconds_count{error_type="upstream-reset"})',
      SENT.broken,
    ],
    ["requests without a route", "sum by (job) (fairlead_request_rejections_total)", SENT.missing],
    ["attempts", "sum by (job) (http_client_request_duration_seconds_count)", total - SENT.missing],
    [
      "content that was announced",
      "sum by (job) (http_server_request_body_size_bytes_sum)",
      SENT.posted * 5 + SENT.broken,
    ],
    ["endpoints that take traffic", "sum by (job) (fairlead_endpoint_available)", 1],
  ])("tells %s", async (_, expression, expected) => {
    const isEnough = (found: Readonly<Record<string, number>>): boolean =>
      RUNTIMES.every((runtime) => found[runtime] === expected);
    expect(await running().queryUntil(expression, ["job"], isEnough)).toEqual(everywhere(expected));
  });

  test("tells quantiles from the histograms", async () => {
    const expression =
      "histogram_quantile(0.99, sum by (job, le) (http_server_request_duration_seconds_bucket))";
    const found = await running().query(expression, ["job"]);
    for (const runtime of RUNTIMES) {
      expect(found[runtime]).toBeGreaterThan(0);
      expect(found[runtime]).toBeLessThanOrEqual(10);
    }
  });

  test.each(["http_server_request_duration_seconds_bucket", "http_client_request_duration_seconds_bucket"])(
    "has the trace of a request that was recorded as an example of %s",
    async (name) => {
      const endsAt = performance.now() + 10_000;
      let found = await running().exemplars(name);
      while (Object.keys(found).length < RUNTIMES.length && performance.now() < endsAt) {
        found = await running().exemplars(name);
      }
      expect(found).toEqual(Object.fromEntries(RUNTIMES.map((runtime) => [runtime, [TRACE_ID]])));
    },
  );

  test.each(RUNTIMES.map((runtime) => [runtime]))(
    "promtool finds nothing wrong with the metrics of %s",
    async (runtime) => {
      const text = await scraped(proxies.get(runtime));
      expect(promtool(["check", "metrics"], text)).toEqual({ code: 0, said: "" });
    },
  );

  test("promtool finds nothing wrong with the rules, and they fire when they should", () => {
    expect(promtool(["check", "rules", RULES])).toMatchObject({ code: 0 });
    expect(promtool(["test", "rules", RULES.replace(".yml", ".test.yml")])).toMatchObject({ code: 0 });
  });
});
