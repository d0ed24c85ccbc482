import { describe, expect, test } from "vitest";
import {
  BREAKER_DEFAULTS,
  Breaker,
  type BreakerEvent,
  type BreakerOptions,
} from "../../../src/resilience/breaker.ts";
import type { Verdict } from "../../../src/core/verdict.ts";

/** Jitter is ± 20 %; this one has none. */
const even = { float: () => 0.5, below: () => 0, id: () => "" };

const rig = (options: Partial<BreakerOptions> = {}, random = even) => {
  const events: BreakerEvent[] = [];
  const breaker = new Breaker({
    options: { ...BREAKER_DEFAULTS, ...options },
    random,
    onChange: (event) => void events.push(event),
  });
  /** One attempt after the other, each ending at once. */
  const run = (now: number, ...verdicts: readonly Verdict[]): void => {
    for (const verdict of verdicts) breaker.settle(breaker.enter(now), verdict, now);
  };
  const fail = (now: number, times = 5): void => run(now, ...Array<Verdict>(times).fill("failure"));
  return { breaker, events, run, fail };
};

describe("closed breaker", () => {
  test("opens after five failures in a row", () => {
    const { breaker, fail } = rig();
    fail(0, 4);
    expect(breaker.state(0).kind).toBe("closed");
    fail(0, 1);
    expect(breaker.state(0)).toEqual({ kind: "open", until: 5_000 });
    expect(breaker.admits(0)).toBe(false);
  });

  test("counts failures in a row anew after a success", () => {
    const { breaker, fail, run } = rig();
    for (let i = 0; i < 4; i++) {
      fail(0, 3);
      run(0, "success", "success", "success", "success", "success");
    }
    expect(breaker.state(0).kind).toBe("closed");
  });

  test("opens at half of twenty within ten seconds", () => {
    const { breaker, run } = rig();
    for (let i = 0; i < 9; i++) run(i * 100, "success", "failure");
    expect(breaker.state(900).kind).toBe("closed");
    run(1_000, "success");
    expect(breaker.state(1_000).kind).toBe("closed");
    run(1_000, "failure");
    expect(breaker.state(1_000).kind).toBe("open");
  });

  test("forgets failures over an idle hour", () => {
    const { breaker, run } = rig();
    for (let i = 0; i < 9; i++) run(i, "success", "failure");
    run(3_600_000, "success", "failure");
    expect(breaker.state(3_600_000).kind).toBe("closed");
  });

  test("counts 429 in the rate only", () => {
    const { breaker, run } = rig();
    run(0, ...Array<Verdict>(19).fill("rate-limited"));
    expect(breaker.state(0).kind).toBe("closed");
    run(0, "rate-limited");
    expect(breaker.state(0).kind).toBe("open");
  });

  test("does not count what says nothing about the endpoint", () => {
    const { breaker, run } = rig();
    run(0, ...Array<Verdict>(100).fill("neutral"));
    expect(breaker.state(0).kind).toBe("closed");
  });
});

describe("open breaker", () => {
  test("lets probes through when its time is over, at most three at once", () => {
    const { breaker, fail } = rig();
    fail(0);
    expect(breaker.admits(4_999)).toBe(false);
    expect(breaker.closedUntil(4_000)).toBe(5_000);
    for (let probe = 0; probe < 3; probe++) {
      expect(breaker.admits(5_000)).toBe(true);
      breaker.enter(5_000);
    }
    expect(breaker.admits(5_000)).toBe(false);
    expect(breaker.state(5_000)).toEqual({ kind: "half-open", probing: 3, successes: 0 });
  });

  test("ignores results of attempts that began before it opened", () => {
    const { breaker, fail } = rig();
    const late = breaker.enter(0);
    const later = breaker.enter(0);
    fail(0);
    breaker.settle(late, "success", 1_000);
    breaker.enter(5_000);
    breaker.settle(later, "failure", 5_000);
    expect(breaker.state(5_000)).toEqual({ kind: "half-open", probing: 1, successes: 0 });
  });

  test("stays open twice as long each time a probe fails, up to five minutes", () => {
    const { breaker, fail } = rig();
    fail(0);
    let now = 0;
    const times: number[] = [];
    for (let i = 0; i < 9; i++) {
      const state = breaker.state(now);
      const until = state.kind === "open" ? state.until : Number.NaN;
      times.push(until - now);
      now = until;
      breaker.settle(breaker.enter(now), "failure", now);
    }
    expect(times).toEqual([5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000]);
  });

  test("differs by a fifth at most from one breaker to another", () => {
    const until = (float: number): number => {
      const { breaker, fail } = rig({}, { ...even, float: () => float });
      fail(0);
      const state = breaker.state(0);
      return state.kind === "open" ? Math.round(state.until) : 0;
    };
    expect([until(0), until(1)]).toEqual([4_000, 6_000]);
  });

  test("goes half-open at once when a check finds the endpoint back", () => {
    const { breaker, fail } = rig();
    fail(0);
    breaker.checkPassed(100, true);
    expect(breaker.admits(100)).toBe(true);
    expect(breaker.state(100).kind).toBe("half-open");
  });

  test("goes half-open when a check passes after the first open time, however long it would stay open", () => {
    const { breaker, fail } = rig();
    fail(0);
    for (const at of [5_000, 15_000]) breaker.settle(breaker.enter(at), "failure", at);
    expect(breaker.state(15_000)).toEqual({ kind: "open", until: 35_000 });
    breaker.checkPassed(19_999, false);
    expect(breaker.state(19_999).kind).toBe("open");
    breaker.checkPassed(20_000, false);
    expect(breaker.state(20_000).kind).toBe("half-open");
  });

  test("stays open no longer than the first open time once a check has passed, even if it came too early", () => {
    const { breaker, fail } = rig();
    fail(0);
    for (const at of [5_000, 15_000]) breaker.settle(breaker.enter(at), "failure", at);
    breaker.checkPassed(15_001, false);
    expect(breaker.state(15_001)).toEqual({ kind: "open", until: 20_000 });
    breaker.checkPassed(16_000, false);
    expect(breaker.state(16_000)).toEqual({ kind: "open", until: 20_000 });
  });

  test("opens for as long as before when an early probe fails", () => {
    const { breaker, fail } = rig();
    fail(0);
    breaker.siblingRecovered(2_000);
    fail(2_000, 1);
    expect(breaker.state(2_000)).toEqual({ kind: "open", until: 7_000 });
    fail(7_000, 1);
    expect(breaker.state(7_000)).toEqual({ kind: "open", until: 17_000 });
    breaker.checkPassed(7_500, true);
    fail(7_500, 1);
    expect(breaker.state(7_500)).toEqual({ kind: "open", until: 17_500 });
  });

  test("goes half-open when another endpoint recovers, but not within a second", () => {
    const { breaker, fail } = rig();
    fail(0);
    breaker.siblingRecovered(999);
    expect(breaker.state(999)).toEqual({ kind: "open", until: 1_000 });
    fail(1_000, 1);
    breaker.siblingRecovered(2_000);
    expect(breaker.state(2_000).kind).toBe("half-open");
    breaker.open(3_000);
    breaker.siblingRecovered(9_000);
    expect(breaker.admits(9_000)).toBe(false);
  });
});

describe("half-open breaker", () => {
  test("closes after three successes", () => {
    const { breaker, fail, run, events } = rig();
    fail(0);
    run(5_000, "success", "success");
    expect(breaker.state(5_000)).toEqual({ kind: "half-open", probing: 0, successes: 2 });
    run(5_000, "success");
    expect(breaker.state(5_000).kind).toBe("closed");
    expect(events.map(({ to }) => to)).toEqual(["open", "half-open", "closed"]);
    expect(events[0]?.reason).toBe("5 failures in a row");
  });

  test("opens again at the first failure, and ignores its other probes", () => {
    const { breaker, fail } = rig();
    fail(0);
    const probes = [breaker.enter(5_000), breaker.enter(5_000), breaker.enter(5_000)] as const;
    breaker.settle(probes[0], "failure", 5_100);
    breaker.settle(probes[1], "success", 5_200);
    breaker.settle(probes[2], "failure", 5_300);
    expect(breaker.state(5_300)).toEqual({ kind: "open", until: 15_100 });
  });

  test("gives a probe's place back when its client leaves", () => {
    const { breaker, fail } = rig();
    fail(0);
    const permits = [breaker.enter(5_000), breaker.enter(5_000), breaker.enter(5_000)];
    for (const permit of permits) breaker.settle(permit, "neutral", 5_500);
    expect(breaker.state(5_500)).toEqual({ kind: "half-open", probing: 0, successes: 0 });
    expect(breaker.admits(5_500)).toBe(true);
  });
});

describe("probes that never end", () => {
  test("are given up after a minute, and have no say then", () => {
    const { breaker, fail, run } = rig();
    fail(0);
    const lost = [breaker.enter(5_000), breaker.enter(5_000), breaker.enter(6_000)];
    expect(breaker.admits(65_999)).toBe(false);
    expect(breaker.admits(66_000)).toBe(true);
    run(66_000, "success");
    expect(breaker.state(66_000)).toEqual({ kind: "half-open", probing: 0, successes: 1 });
    for (const permit of lost) breaker.settle(permit, "failure", 66_001);
    run(66_001, "success", "success");
    expect(breaker.state(66_001).kind).toBe("closed");
  });
});

describe("closing", () => {
  test("continues the series of open times for a minute", () => {
    const { breaker, fail, run } = rig();
    fail(0);
    run(5_000, "success", "success", "success");
    fail(10_000);
    expect(breaker.state(10_000)).toEqual({ kind: "open", until: 20_000 });
    run(20_000, "success", "success", "success");
    fail(80_000);
    expect(breaker.state(80_000)).toEqual({ kind: "open", until: 85_000 });
  });

  test("by hand, and opening by hand, hold until told otherwise", () => {
    const { breaker, fail } = rig();
    breaker.open(0);
    expect(breaker.admits(1e12)).toBe(false);
    expect(breaker.closedUntil(0)).toBe(Infinity);
    breaker.checkPassed(5, true);
    expect(breaker.admits(5)).toBe(false);
    breaker.close(10);
    expect(breaker.admits(10)).toBe(true);
    fail(20);
    breaker.reset(30);
    fail(40);
    expect(breaker.state(40)).toEqual({ kind: "open", until: 5_040 });
  });

  test("is not disturbed by a listener that throws", () => {
    const breaker = new Breaker({
      options: BREAKER_DEFAULTS,
      random: even,
      onChange: () => {
        throw new Error("listener");
      },
    });
    for (let i = 0; i < 5; i++) breaker.settle(breaker.enter(0), "failure", 0);
    expect(breaker.state(0).kind).toBe("open");
  });
});
