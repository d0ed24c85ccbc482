import { describe, expect, it } from "vitest";
import { serviceResource } from "../../../src/observation.ts";
import { load, loadSome } from "../../support/config-files.ts";

const FILE = {
  "fairlead.json": JSON.stringify({
    upstreams: { app: "http://localhost:3000" },
    telemetry: { serviceName: "of the file", otlp: { endpoint: "http://file:4318", timeout: "1s" } },
  }),
};

describe("OpenTelemetry's variables", () => {
  it("overrule the file", async () => {
    const env = {
      OTEL_SERVICE_NAME: "edge",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test%20one, host.name = h1",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_HEADERS: "api-key=a%3Db,X-Tenant=t",
      OTEL_EXPORTER_OTLP_TIMEOUT: "2500",
      OTEL_METRIC_EXPORT_INTERVAL: "15000",
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "http://metrics:4318/push",
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://traces:4318/push",
      OTEL_TRACES_SAMPLER_ARG: "0.25",
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "DELTA",
    };
    const { config, sources } = await loadSome({ files: FILE, env });
    expect(config.telemetry).toMatchObject({
      serviceName: "edge",
      resource: { "deployment.environment.name": "test one", "host.name": "h1" },
      metrics: { url: "http://metrics:4318/push", temporality: "delta" },
      traces: { url: "http://traces:4318/push", sample: 0.25 },
      otlp: {
        endpoint: "http://collector:4318",
        protocol: "http/json",
        headers: { "api-key": "a=b", "x-tenant": "t" },
        timeoutMs: 2_500,
        intervalMs: 15_000,
      },
    });
    expect(new Set(sources)).toEqual(new Set(["fairlead.json", ...Object.keys(env)]));
  });

  describe("for samplers", () => {
    it.each([
      ["always_on", undefined, { sample: 1, parentBased: false }],
      ["always_off", "1", { sample: 0, parentBased: false }],
      ["traceidratio", "0.25e0", { sample: 0.25, parentBased: false }],
      ["traceidratio", undefined, { sample: 1, parentBased: false }],
      ["parentbased_always_on", "0", { sample: 1, parentBased: true }],
      ["parentbased_always_off", undefined, { sample: 0, parentBased: true }],
      ["parentbased_traceidratio", "0.5", { sample: 0.5, parentBased: true }],
      [undefined, "0.5", { sample: 0.5, parentBased: true }],
    ])("set %s with the argument %s", async (sampler, argument, expected) => {
      const env = { OTEL_TRACES_SAMPLER: sampler ?? "", OTEL_TRACES_SAMPLER_ARG: argument ?? "" };
      expect((await loadSome({ files: FILE, env })).config.telemetry.traces).toMatchObject(expected);
    });
  });

  describe("for exporters", () => {
    const sent = async (
      env: Readonly<Record<string, string>>,
      more: object = {},
      telemetry: object = {},
    ): Promise<readonly unknown[]> => {
      const upstreams = { app: "http://localhost:3000" };
      const files = { "fairlead.json": JSON.stringify({ upstreams, telemetry, ...more }) };
      const { config } = await loadSome({ files, env });
      const { metrics, traces, otlp } = config.telemetry;
      return [otlp.endpoint, metrics && metrics.url, traces && traces.url, config.log.otlp];
    };
    const [OTLP, NONE] = ["otlp", "none"].map((value) => ({
      OTEL_METRICS_EXPORTER: value,
      OTEL_TRACES_EXPORTER: value,
      OTEL_LOGS_EXPORTER: value,
    }));
    const COLLECTOR = { otlp: { endpoint: "http://file:4318" } };

    it("turn everything on, to OpenTelemetry's default collector where none is named", async () => {
      const local = "http://localhost:4318";
      expect(await sent(OTLP ?? {})).toEqual([local, undefined, undefined, true]);
      expect(await sent(OTLP ?? {}, {}, COLLECTOR)).toEqual(["http://file:4318", undefined, undefined, true]);
      const off = { ...COLLECTOR, metrics: { url: false }, traces: { url: false } };
      expect(await sent(OTLP ?? {}, { log: { otlp: false } }, off)).toEqual([
        "http://file:4318",
        undefined,
        undefined,
        true,
      ]);
      expect(await sent(OTLP ?? {}, {}, { ...COLLECTOR, metrics: false })).toEqual([
        "http://file:4318",
        undefined,
        undefined,
        true,
      ]);
    });

    it("turn what is sent off, and begin no traces", async () => {
      expect(await sent(NONE ?? {}, {}, COLLECTOR)).toEqual(["http://file:4318", false, undefined, false]);
      const on = { ...COLLECTOR, traces: { sample: 1 } };
      expect(await sent(NONE ?? {}, { log: { otlp: true } }, on)).toEqual([
        "http://file:4318",
        false,
        false,
        false,
      ]);
      expect(await sent(NONE ?? {}, {}, { ...COLLECTOR, metrics: false })).toEqual([
        "http://file:4318",
        false,
        undefined,
        false,
      ]);
    });

    it("leave addresses of single signals alone", async () => {
      const env = {
        ...OTLP,
        OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "http://m/",
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://t/",
        OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "http://l/",
      };
      expect(await sent(env)).toEqual([undefined, "http://m/", "http://t/", "http://l/"]);
    });
  });

  it.each([
    ["an own variable", { OTEL_SERVICE_NAME: "edge", OTEL_RESOURCE_ATTRIBUTES: "service.name=mine" }, "edge"],
    ["resource attributes", { OTEL_RESOURCE_ATTRIBUTES: "service.name=mine,service.namespace=shop" }, "mine"],
    ["the file", { OTEL_RESOURCE_ATTRIBUTES: "service.name=,service.namespace=shop" }, "of the file"],
  ])("name the service by %s first", async (_, env, expected) => {
    const { telemetry } = (await loadSome({ files: FILE, env })).config;
    expect(serviceResource(telemetry, "1")["service.name"]).toBe(expected);
  });

  it("name the service by the file's resource where nothing else does, and else by default", async () => {
    const nameOf = async (telemetry: object): Promise<unknown> => {
      const files = { "fairlead.json": JSON.stringify({ upstreams: { app: "http://a" }, telemetry }) };
      return serviceResource((await loadSome({ files })).config.telemetry, "1")["service.name"];
    };
    expect(await nameOf({ resource: { "service.name": "mine" } })).toBe("mine");
    expect(await nameOf({ resource: { "service.name": "mine" }, serviceName: "edge" })).toBe("edge");
    expect(await nameOf({})).toBe("fairlead");
  });

  it("take lowmemory for delta", async () => {
    const env = { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "lowmemory" };
    const { metrics } = (await loadSome({ files: FILE, env })).config.telemetry;
    expect(metrics).toMatchObject({ temporality: "delta" });
  });

  it("are overruled by Fairlead's own", async () => {
    const env = { OTEL_SERVICE_NAME: "edge", FAIRLEAD_TELEMETRY_SERVICE_NAME: "own" };
    expect((await loadSome({ files: FILE, env })).config.telemetry.serviceName).toBe("own");
  });

  it("count for nothing when empty, or when the SDK is disabled", async () => {
    for (const env of [{ OTEL_SERVICE_NAME: "" }, { OTEL_SERVICE_NAME: "edge", OTEL_SDK_DISABLED: "TRUE" }]) {
      expect((await loadSome({ files: FILE, env })).config.telemetry.serviceName).toBe("of the file");
    }
  });

  it("are no config by themselves", async () => {
    expect(await load({ env: { OTEL_SERVICE_NAME: "edge" } })).toBeUndefined();
  });

  it.each([
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, 'expected "http/protobuf" or "http/json", found "grpc"'],
    [{ OTEL_EXPORTER_OTLP_HEADERS: "=secret" }, "expected key=value,…"],
    [{ OTEL_RESOURCE_ATTRIBUTES: "a=%zz" }, "expected key=value,…"],
    [{ OTEL_METRIC_EXPORT_INTERVAL: "1m" }, "expected milliseconds"],
    [{ OTEL_TRACES_SAMPLER_ARG: "1 %" }, "expected a number from 0 to 1"],
    [{ OTEL_TRACES_SAMPLER_ARG: "1.5" }, "expected a number from 0 to 1"],
    [{ OTEL_TRACES_SAMPLER: "jaeger_remote" }, "expected always_on, always_off, traceidratio"],
    [{ OTEL_TRACES_SAMPLER: "parentbased_toString" }, "expected always_on"],
    [{ OTEL_METRICS_EXPORTER: "prometheus" }, 'expected "otlp" or "none"'],
    [{ OTEL_TRACES_EXPORTER: "zipkin" }, 'expected "otlp" or "none"'],
    [{ OTEL_LOGS_EXPORTER: "console" }, 'expected "otlp" or "none"'],
    [{ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "collector:4318" }, 'did you mean "http://collector:4318"?'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318" }, 'did you mean "http://collector:4318"?'],
  ])("%j is told with the variable's name", async (env, message) => {
    const [name = ""] = Object.keys(env);
    await expect(load({ files: FILE, env })).rejects.toMatchObject({
      problems: [{ message: expect.stringContaining(message) as string, place: { source: name } }],
    });
  });
});
