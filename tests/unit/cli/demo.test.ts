import { describe, expect, it } from "vitest";
import { demoLines } from "../../../cli/demo.ts";
import type { UpstreamEvent } from "../../../src/core/telemetry.ts";

const MOODY = "http://127.0.0.1:1003";
const RETRIED: UpstreamEvent = { kind: "retried", upstream: "demo", endpoint: MOODY, reason: "503" };
const LINE = 'upstream "demo": moody failed with 503; asking another, so the client never sees it';

const linesAt = (now: () => number): ReturnType<typeof demoLines> => {
  const spec = { name: "moody", latencyMs: 30, failEvery: 4, manner: "" };
  return demoLines({ origins: [{ spec, url: MOODY }], config: {}, close: async () => {} }, now);
};

describe("lines of the demo", () => {
  it("come for the first five events, then every ten seconds with the number left out", () => {
    let now = 0;
    const lineOf = linesAt(() => now);
    const first = Array.from({ length: 8 }, () => lineOf(RETRIED));
    expect(first).toEqual([...Array<string>(5).fill(LINE), undefined, undefined, undefined]);
    now = 9_999;
    expect(lineOf(RETRIED)).toBeUndefined();
    now = 10_000;
    expect(lineOf(RETRIED)).toBe(`${LINE} (and 4 more since the line before)`);
    expect(lineOf(RETRIED)).toBeUndefined();
    now = 20_000;
    expect(lineOf(RETRIED)).toBe(`${LINE} (and 1 more since the line before)`);
    now = 40_000;
    expect(lineOf(RETRIED)).toBe(LINE);
  });

  it("leave out copies, which nobody waits for", () => {
    const lineOf = linesAt(() => 0);
    expect(lineOf({ kind: "hedged", upstream: "demo" })).toBeUndefined();
  });
});
