/** Real faults: an origin of three dies, hangs, resets, refuses, stops reading and accepting, and comes back. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { IDLE_MS, faultsConfig } from "../support/faults/config.ts";
import type { FaultyOrigin } from "../support/faults/faulty-origin.ts";
import { type FaultsResult, runFaults, startOrigins } from "../support/faults/scenario.ts";
import { RUNTIMES, type RunningProxy, type RuntimeName, startProxy } from "../support/runtimes.ts";

/**
 * Long enough to be found out by checks, and to have a share again within a check, its jitter and slow start. `npm run
 * test:faults` takes longer, with other proxies beside.
 */
const PHASES = { faultMs: 1_400, recoveryMs: 4_000, everyMs: 10 };

const results = new Map<RuntimeName, FaultsResult>();
const proxies: RunningProxy[] = [];
let origins: readonly FaultyOrigin[] = [];

beforeAll(async () => {
  origins = await startOrigins();
  const urls = origins.map(({ url }) => url);
  const starting = RUNTIMES.map((runtime) => startProxy(runtime, faultsConfig(urls, runtime === "workerd")));
  proxies.push(...(await Promise.all(starting)));
  const subjects = proxies.map(({ runtime, port }) => ({ name: runtime, port }));
  const found = await runFaults(subjects, origins, PHASES);
  RUNTIMES.forEach((runtime, index) => {
    const result = found[index];
    if (result !== undefined) results.set(runtime, result);
  });
}, 90_000);

afterAll(async () => {
  await Promise.all([...proxies, ...origins].map((each) => each.stop()));
});

describe.each(RUNTIMES)("origin that fails under load, on %s", (runtime) => {
  const resultOf = (): FaultsResult => {
    const result = results.get(runtime);
    if (result === undefined) throw new Error("the scenario did not run");
    return result;
  };

  test("fails no idempotent request before a response's head", () => {
    const { requests, reports } = resultOf();
    expect(requests).toBeGreaterThan(1_200);
    expect(reports.filter(({ failed }) => failed > 0)).toEqual([]);
  });

  test("cuts visibly what breaks off, and completes nothing wrong", () => {
    const { wrong, reports } = resultOf();
    expect(wrong).toBe(0);
    const cut = reports.filter((report) => report.cut > 0).map(({ fault }) => fault);
    expect(new Set(cut).difference(new Set(["killed", "resets mid-response"]))).toEqual(new Set());
    expect(cut).toContain("resets mid-response");
  });

  test("sends what breaks off behind its head to no origin again", () => {
    expect(resultOf().repeatedCuts).toEqual([]);
  });

  test("gives up a large upload that its origin does not read, once it stands still for its time, and sends it nowhere else", () => {
    const { upload, isUploadRepeated } = resultOf();
    expect(upload).toMatchObject({ kind: "refused", status: 504 });
    expect(upload?.tookMs).toBeGreaterThanOrEqual(IDLE_MS);
    expect(isUploadRepeated).toBe(false);
  });

  test("sends no POST twice", () => {
    expect(resultOf().repeatedPosts).toEqual([]);
  });

  test("has its share again within its checks and slow start", () => {
    const late = resultOf().reports.filter(
      ({ recoveredMs, boundMs }) => recoveredMs === undefined || recoveredMs > boundMs,
    );
    expect(late).toEqual([]);
  });
});
