/** Real faults: an origin of three dies, hangs, resets, refuses, stops reading and accepting, and comes back. */
import { beforeAll, describe, expect, test } from "vitest";
import { faultsConfig } from "../support/faults/config.ts";
import type { FaultyOrigin } from "../support/faults/faulty-origin.ts";
import { type FaultsResult, runFaults, startOrigins } from "../support/faults/scenario.ts";
import { RUNTIMES, startProxy } from "../support/runtimes.ts";

/** A check, its jitter, and slow start, with what 250 ms steps add. */
const RECOVERY_MS = 3_000;

describe.each(RUNTIMES)("origin that fails under load, on %s", (runtime) => {
  let result: FaultsResult;

  beforeAll(async () => {
    const origins: readonly FaultyOrigin[] = await startOrigins();
    const urls = origins.map(({ url }) => url);
    const proxy = await startProxy(runtime, faultsConfig(urls, runtime === "workerd"));
    try {
      result = await runFaults(proxy.port, origins, { faultMs: 2_000, recoveryMs: RECOVERY_MS });
    } finally {
      await proxy.stop();
      for (const origin of origins) await origin.stop();
    }
  }, 60_000);

  test("fails no idempotent request before a response's head", () => {
    expect(result.requests).toBeGreaterThan(3_000);
    expect(result.reports.filter(({ failed }) => failed > 0)).toEqual([]);
  });

  test("cuts visibly what breaks off, and completes nothing wrong", () => {
    expect(result.wrong).toBe(0);
    const cut = result.reports.filter((report) => report.cut > 0).map(({ fault }) => fault);
    expect(new Set(cut).difference(new Set(["killed", "resets mid-response"]))).toEqual(new Set());
    expect(cut).toContain("resets mid-response");
  });

  test("sends no POST twice", () => {
    expect(result.repeatedPosts).toEqual([]);
  });

  test("has its share again within a check and slow start", () => {
    expect(result.reports.filter(({ recoveredMs }) => recoveredMs === undefined)).toEqual([]);
  });
});
