import { describe, expect, test } from "vitest";
import {
  type EjectionEvent,
  OUTLIER_DEFAULTS,
  OutlierDetector,
  ejectionOf,
} from "../../../src/health/outlier-detector.ts";
import { evenSet, nameOf } from "../../support/endpoints.ts";

const rig = (count: number) => {
  const set = evenSet(count);
  const events: EjectionEvent[] = [];
  const detector = new OutlierDetector(OUTLIER_DEFAULTS, (event) => void events.push(event));
  detector.watch(set, 0);
  /** An interval in which each endpoint gets 200 requests, of which a share succeeds. */
  const interval = (end: number, rates: readonly number[], requests = 200): void => {
    for (const [i, member] of set.members.entries()) {
      const record = ejectionOf(member.state);
      if (record.until > end - 10_000) continue;
      for (let n = 0; n < requests; n++) record.count(n < (rates[i] ?? 1) * requests ? "success" : "failure");
    }
    detector.watch(set, end);
  };
  const ejected = (now: number): string[] =>
    set.members.filter(({ state }) => ejectionOf(state).until > now).map(nameOf);
  return { set, events, interval, ejected };
};

describe("outlier detector", () => {
  test("ejects what fails far more often than its siblings, for thirty seconds", () => {
    const { interval, ejected, events } = rig(5);
    interval(10_000, [1, 1, 0.3, 1, 1]);
    expect(ejected(10_000)).toEqual(["e2"]);
    expect(ejected(39_999)).toEqual(["e2"]);
    expect(ejected(40_000)).toEqual([]);
    expect(events[0]).toMatchObject({ successRate: 0.3, forMs: 30_000 });
  });

  test("leaves everybody alone where all fail alike, or nobody fails notably", () => {
    const { interval, ejected } = rig(6);
    interval(10_000, [0, 0, 0, 0, 0, 0]);
    interval(20_000, [1, 1, 1, 1, 1, 0.97]);
    expect(ejected(20_000)).toEqual([]);
  });

  test("needs five endpoints with a hundred requests each", () => {
    const few = rig(4);
    few.interval(10_000, [0, 1, 1, 1]);
    expect(few.ejected(10_000)).toEqual([]);
    const quiet = rig(6);
    quiet.interval(10_000, [0, 1, 1, 1, 1, 1], 99);
    expect(quiet.ejected(10_000)).toEqual([]);
  });

  test("lasts longer each time, and a clean interval takes one back", () => {
    const { interval, events } = rig(5);
    const bad = [1, 1, 0, 1, 1];
    interval(10_000, bad);
    interval(50_000, bad);
    interval(120_000, bad);
    interval(220_000, []);
    interval(230_000, bad);
    expect(events.map(({ forMs }) => forMs)).toEqual([30_000, 60_000, 90_000, 90_000]);
  });

  test("never ejects more than half", () => {
    const { interval, ejected } = rig(6);
    interval(10_000, [0, 1, 1, 1, 1, 1]);
    interval(20_000, [0, 0, 1, 1, 1, 1]);
    interval(30_000, [0, 0, 0.2, 1, 1, 1]);
    expect(ejected(30_000).length).toBeLessThanOrEqual(3);
  });

  test("never ejects the last endpoint that is up", () => {
    const { set, interval, ejected } = rig(6);
    for (const { state, index } of set.members) state.health = { isUp: index === 0 };
    interval(10_000, [0, 1, 1, 1, 1, 1]);
    expect(ejected(10_000)).toEqual([]);
  });

  test("lets an endpoint start slowly when its time is over", () => {
    const { interval, set } = rig(5);
    interval(10_000, [1, 1, 0, 1, 1]);
    expect(set.members[2]?.state.warmingSince).toBe(40_000);
  });

  test("has no sweep without traffic", () => {
    const { interval, ejected } = rig(5);
    interval(3_600_000, [1, 1, 0, 1, 1]);
    expect(ejected(3_600_000)).toEqual(["e2"]);
  });
});
