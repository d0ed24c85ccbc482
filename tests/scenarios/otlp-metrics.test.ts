/** Metrics that a collector gets by OTLP. */
import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import { OtlpReceiver } from "../support/otlp-receiver.ts";
import { type Case, type SuiteOptions, conformance } from "../support/suite.ts";

const SERVER = "http.server.request.duration";
const CLIENT = "http.client.request.duration";
const LABELS = ["http.request.method", "http.response.status_code", "fairlead.route"];
const PATIENCE_MS = 20_000;

let receiver: OtlpReceiver | undefined;
const running = (): OtlpReceiver => {
  if (receiver === undefined) throw new Error("no receiver");
  return receiver;
};

beforeAll(async () => {
  receiver = await OtlpReceiver.start();
});
beforeEach(() => {
  running().received.length = 0;
  running().answer = undefined;
});
afterAll(() => receiver?.stop());

const pushing =
  (protocol: "http/json" | "http/protobuf", temporality: "cumulative" | "delta"): SuiteOptions["config"] =>
  ([origin]) => ({
    upstreams: { main: origin },
    routes: [{ name: "all", match: { path: "/a" }, upstream: "main" }],
    telemetry: {
      serviceName: "edge",
      resource: { "deployment.environment.name": "test" },
      metrics: { temporality },
      otlp: { endpoint: running().url, protocol, headers: { "x-key": "k" }, interval: "1s" },
    },
  });

/** A process of its own: cumulative values hold what was before. */
const exact: Case = {
  title: "collector gets as many requests and attempts as there were",
  run: async (stage) => {
    // What is refused for now comes again.
    running().refusals.push(503);
    for (let i = 0; i < 7; i += 1) await stage.request("/a");
    await stage.request("/a", { method: "POST", body: "x" });
    await stage.request("/none");
    const expected = { "GET 200 all": 7, "POST 200 all": 1, "GET 404 ": 1 };
    await running().until(
      () => {
        const counts = running().counts(SERVER, LABELS);
        return Object.values(counts).reduce((sum, count) => sum + count, 0) >= 9;
      },
      "the collector to get nine requests",
      PATIENCE_MS,
    );
    expect(running().counts(SERVER, LABELS)).toEqual(expected);
    expect(running().counts(CLIENT, ["fairlead.upstream", "http.response.status_code"])).toEqual({
      "main 200": 8,
    });
    const [first] = running().received;
    expect(first?.resource).toMatchObject({
      "service.name": "edge",
      "deployment.environment.name": "test",
      "service.version": expect.any(String) as string,
      "service.instance.id": expect.stringMatching(/^[0-9a-f]{32}$/) as string,
    });
    expect(first?.headers["x-key"]).toBe("k");
    const duration = first?.metrics.find(({ name }) => name === SERVER);
    expect(duration).toMatchObject({
      unit: "s",
      description: expect.stringContaining("Time from") as string,
    });
    const [point] = duration?.histogram?.dataPoints ?? [];
    expect(point?.explicitBounds?.[0]).toBe(0.005);
    expect(point?.bucketCounts?.reduce((sum, count) => sum + count, 0)).toBe(point?.count);
    expect(Number(point?.startTimeUnixNano)).toBeLessThan(Number(point?.timeUnixNano));
    expect(Number(point?.startTimeUnixNano)).toBeGreaterThan(1.7e18);
  },
};

conformance("metrics by OTLP as protobuf", {
  config: pushing("http/protobuf", "cumulative"),
  endsProxy: true,
  cases: [exact],
});
conformance("metrics by OTLP as JSON", {
  config: pushing("http/json", "delta"),
  endsProxy: true,
  cases: [exact],
});

conformance("metrics across restarts of the collector", {
  config: pushing("http/protobuf", "delta"),
  endsProxy: true,
  cases: [
    {
      title: "nothing is lost that the queue holds",
      run: async (stage) => {
        const { port } = running();
        for (let i = 0; i < 3; i += 1) await stage.request("/a");
        await running().until(
          () => (running().counts(SERVER, LABELS)["GET 200 all"] ?? 0) >= 3,
          "the collector to get three requests",
          PATIENCE_MS,
        );
        const before = running().received.slice();
        await running().stop();
        for (let i = 0; i < 4; i += 1) await stage.request("/a");
        receiver = await OtlpReceiver.start(port);
        receiver.received.push(...before);
        for (let i = 0; i < 2; i += 1) await stage.request("/a");
        await running().until(
          () => (running().counts(SERVER, LABELS)["GET 200 all"] ?? 0) >= 9,
          "the collector to get nine requests",
          PATIENCE_MS,
        );
        expect(running().counts(SERVER, LABELS)).toEqual({ "GET 200 all": 9 });
        expect(running().counts("fairlead.telemetry.lost", [])).toEqual({});
      },
    },
    {
      title: "what was counted last leaves before the process ends",
      run: async (stage) => {
        await stage.request("/a");
        const { child } = stage.proxy;
        child.signal("SIGTERM");
        expect(await child.ended()).toMatchObject({ code: 0 });
        expect(running().counts(SERVER, LABELS)).toEqual({ "GET 200 all": 1 });
      },
    },
  ],
});

/** A web server, say, that the endpoint was set to by mistake. */
const garbled: Case = {
  title: "what the collector answers ends nothing, and no count comes twice",
  run: async (stage) => {
    running().answer = "null";
    const { received } = running();
    let sent = 0;
    const send = async (): Promise<void> => {
      await stage.request("/a");
      sent += 1;
    };
    for (let i = 0; i < 5; i += 1) await send();
    while (received.length < 3) {
      const before = received.length;
      await running()
        .until(() => received.length > before, "a push", PATIENCE_MS / 8)
        .catch(() => {});
      // On Workers it takes a request to push, and the last one's own count may wait for the next.
      await send();
    }
    const counted = running().counts(SERVER, LABELS)["GET 200 all"];
    expect(counted).toBeGreaterThanOrEqual(5);
    expect(counted).toBeLessThanOrEqual(sent);
    await stage.proxy.child.printed(/answers can't be read/);
  },
};

conformance("metrics by OTLP as JSON, to what is no collector", {
  config: pushing("http/json", "delta"),
  endsProxy: true,
  cases: [garbled],
});
conformance("metrics by OTLP as protobuf, to what is no collector", {
  config: pushing("http/protobuf", "delta"),
  endsProxy: true,
  cases: [garbled],
});
