import process from "node:process";
import { describe, expect, it } from "vitest";
import { loopDelay, summary } from "../../../runtimes/engine/diagnostics/loop-delay.ts";

/** Takes so much of a processor in this thread, whatever else runs on it. */
const block = (cpuMs: number): void => {
  const before = process.threadCpuUsage();
  const used = (): number => {
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1_000;
  };
  while (used() < cpuMs);
};

describe("delay of the event loop", () => {
  it("shows a block as one delay of its length", async () => {
    const measured = loopDelay(200, new AbortController().signal);
    setImmediate(block, 120);
    const { max, samples, seconds, cpu, buckets } = await measured;
    expect(max).toBeGreaterThan(100);
    expect(seconds).toBeGreaterThanOrEqual(0.2);
    expect(samples).toBeGreaterThan(1);
    expect(cpu * seconds).toBeGreaterThan(0.12);
    expect(buckets.filter(({ upTo = 1_001 }) => upTo > 100).some((bucket) => bucket.samples > 0)).toBe(true);
  });

  it("ends with the reason of its signal", async () => {
    const controller = new AbortController();
    const measured = loopDelay(60_000, controller.signal);
    controller.abort(new Error("left"));
    await expect(measured).rejects.toThrow("left");
  });

  it("is summed up by quantiles and buckets", () => {
    const delays = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(summary(delays)).toEqual({
      samples: 100,
      mean: 50.5,
      p50: 50,
      p90: 90,
      p99: 99,
      max: 100,
      buckets: [
        { upTo: 1, samples: 1 },
        { upTo: 2, samples: 1 },
        { upTo: 5, samples: 3 },
        { upTo: 10, samples: 5 },
        { upTo: 20, samples: 10 },
        { upTo: 50, samples: 30 },
        { upTo: 100, samples: 50 },
        { upTo: 200, samples: 0 },
        { upTo: 500, samples: 0 },
        { upTo: 1_000, samples: 0 },
        { upTo: undefined, samples: 0 },
      ],
    });
  });
});
