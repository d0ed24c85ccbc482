import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { describe, expect, it } from "vitest";
import { type MetricsOptions, metrics } from "../../../middleware/mod.ts";
import { ProxyError } from "../../../src/core/errors.ts";
import { type Sample, samplesIn } from "../../support/exposition.ts";

const app = (
  options?: MetricsOptions,
): { app: Hono; readonly counts: () => Promise<Record<string, number>> } => {
  const measured = metrics(options);
  const made = new Hono();
  made.onError((error, c) => ("getResponse" in error ? c.body(null, 403) : c.text("failed", 500)));
  made.get("/metrics", measured.scrape);
  made.use(measured);
  made.get("/shops/:id", (c) => c.text("shop"));
  made.post("/shops", (c) => c.text("made", 201));
  made.get("/broken", () => {
    throw new Error("broken");
  });
  made.get("/down", () => {
    throw new ProxyError("connect-failed");
  });
  made.get("/forbidden", () => {
    throw new HTTPException(403);
  });
  return {
    app: made,
    counts: async () => {
      const response = await made.request("/metrics");
      const key = ({ labels }: Sample): string =>
        ["http_request_method", "http_response_status_code", "error_type", "http_route"]
          .map((label) => labels[label] ?? "-")
          .join(" ");
      return Object.fromEntries(
        samplesIn(await response.text())
          .filter(({ name }) => name === "http_server_request_duration_seconds_count")
          .map((sample) => [key(sample), sample.value]),
      );
    },
  };
};

describe("metrics", () => {
  it("count requests by method, status, error and the path of the handler", async () => {
    const { app: shop, counts } = app();
    for (const path of ["/shops/1", "/shops/2", "/broken", "/down", "/forbidden", "/none"])
      await shop.request(path);
    await shop.request("/shops", { method: "POST" });
    expect(await counts()).toEqual({
      "GET 200 - /shops/:id": 2,
      "POST 201 - /shops": 1,
      "GET 500 500 /broken": 1,
      "GET 500 connect-failed /down": 1,
      "GET 403 - /forbidden": 1,
      "GET 404 - /*": 1,
    });
  });

  it("tell announced lengths and requests in progress", async () => {
    const { app: shop } = app();
    await shop.request("/shops", { method: "POST", headers: { "content-length": "42" } });
    const samples = samplesIn(await (await shop.request("/metrics")).text());
    const valueOf = (name: string): number | undefined =>
      samples.find((sample) => sample.name === name)?.value;
    expect(valueOf("http_server_request_body_size_bytes_sum")).toBe(42);
    expect(valueOf("http_server_active_requests")).toBe(0);
  });

  it("name the service, and answer in OpenMetrics where that is asked for", async () => {
    const { app: shop } = app({ serviceName: "shop", resource: { "deployment.environment.name": "test" } });
    const response = await shop.request("/metrics", { headers: { accept: "application/openmetrics-text" } });
    const text = await response.text();
    expect(text).toContain('service_name="shop"');
    expect(text).toContain('deployment_environment_name="test"');
    expect(text.endsWith("# EOF\n")).toBe(true);
  });

  it("of two calls are apart", async () => {
    const [one, two] = [app(), app()];
    await one.app.request("/shops/1");
    expect(await two.counts()).toEqual({});
  });

  it.each([
    [{ maxSeries: 1 }, "metrics.maxSeries: expected a whole number from 10 to 1000000, found 1"],
    [{ otlp: { endpoint: "collector" } }, "metrics.otlp.endpoint: expected a URL"],
    [{ serviceNmae: "x" }, 'metrics.serviceNmae: unknown key; did you mean "serviceName"?'],
  ])("refuse %j", (options, message) => {
    expect(() => metrics(options as MetricsOptions)).toThrow(message);
  });
});
