import { describe, expect, it } from "vitest";
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
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318" }, 'did you mean "http://collector:4318"?'],
  ])("%j is told with the variable's name", async (env, message) => {
    const [name = ""] = Object.keys(env);
    await expect(load({ files: FILE, env })).rejects.toMatchObject({
      problems: [{ message: expect.stringContaining(message) as string, place: { source: name } }],
    });
  });
});
