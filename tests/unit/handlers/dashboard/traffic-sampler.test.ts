import { describe, expect, it } from "vitest";
import { TrafficSampler } from "../../../../handlers/dashboard/traffic-sampler.ts";
import { ManualClock } from "../../../../runtimes/memory/clock.ts";
import type { ErrorCode } from "../../../../src/core/errors.ts";
import { ProxyMetrics } from "../../../../src/observe/proxy-metrics.ts";

const stage = () => {
  const clock = new ManualClock(1_000);
  const metrics = new ProxyMetrics({ epoch: () => clock.epoch() });
  const record = (seconds: number, status: number, error?: ErrorCode): void => {
    const { registry, durations } = metrics;
    const type = error ?? (status >= 500 ? String(status) : undefined);
    registry.histogram(durations.server, ["GET", "http", status, type, "1.1", "all"]).record(seconds);
  };
  return { clock, record, sampler: new TrafficSampler(() => metrics, clock) };
};

describe("traffic sampler", () => {
  it("has nothing to say at first, whatever was before", () => {
    const { sampler, record } = stage();
    record(0.01, 200);
    expect(sampler.take()).toEqual({ time: 1_000, seconds: 0, requests: 0, failures: 0, causes: {} });
  });

  it("counts each second by cause, and leaves mistakes of clients out of the failures", async () => {
    const { sampler, record, clock } = stage();
    sampler.take();
    for (const [status, error] of [[200], [404, "no-route"], [502, "connect-failed"], [503], [503]] as const)
      record(0.02, status, error);
    await clock.advance(1_000);
    expect(sampler.take()).toMatchObject({
      time: 2_000,
      seconds: 1,
      requests: 5,
      failures: 3,
      causes: { "no-route": 1, "connect-failed": 1, "503": 2 },
    });
    await clock.advance(1_000);
    expect(sampler.take()).toMatchObject({ requests: 0, failures: 0, causes: {} });
  });

  it("takes percentiles over the last ten seconds", async () => {
    const { sampler, record, clock } = stage();
    sampler.take();
    for (let i = 0; i < 100; i += 1) record(0.4, 200);
    for (let second = 0; second < 9; second += 1) {
      await clock.advance(1_000);
      expect(sampler.take().p50).toBeGreaterThan(0.25);
    }
    record(0.001, 200);
    await clock.advance(3_000);
    expect(sampler.take().p99).toBeLessThan(0.01);
    await clock.advance(20_000);
    expect(sampler.take().p99).toBeUndefined();
  });

  it("is empty where nothing is measured", async () => {
    const clock = new ManualClock();
    const sampler = new TrafficSampler(() => undefined, clock);
    sampler.take();
    await clock.advance(1_000);
    expect(sampler.take()).toEqual({ time: 1_000, seconds: 1, requests: 0, failures: 0, causes: {} });
  });
});
