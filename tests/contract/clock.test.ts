import { describe, expect, test } from "vitest";
import { queueClock } from "../../runtimes/engine/queue-clock.ts";
import { ManualClock } from "../../runtimes/memory/mod.ts";
import { standardClock } from "../../middleware/web-standard.ts";
import type { Clock } from "../../src/core/platform.ts";

interface Subject {
  readonly clock: Clock;
  /** Lets time pass until `promise` settles. */
  readonly until: (promise: Promise<void>) => Promise<void>;
}

const itself = (promise: Promise<void>): Promise<void> => promise;

const SUBJECTS: Readonly<Record<string, () => Subject>> = {
  "memory's": () => {
    const clock = new ManualClock(1_000_000);
    return { clock, until: (promise) => Promise.all([clock.advance(1_000), promise]).then(() => {}) };
  },
  "timers'": () => ({ clock: standardClock, until: itself }),
  "the queue's": () => ({
    clock: queueClock({
      now: () => performance.now(),
      epoch: () => Date.now(),
      start: (ms, task) => void standardClock.after(ms, task),
    }),
    until: itself,
  }),
};

const after = (clock: Clock, ms: number, task = (): void => {}): Promise<void> =>
  new Promise((resolve) => {
    clock.after(ms, () => {
      task();
      resolve();
    });
  });

describe.each(Object.entries(SUBJECTS))("%s clock", (_, create) => {
  test("runs a task once, not before its time", async () => {
    const { clock, until } = create();
    const start = clock.now();
    const ran: number[] = [];
    const first = after(clock, 5, () => ran.push(clock.now() - start));
    await until(Promise.all([first, after(clock, 12)]).then(() => {}));
    expect(ran).toHaveLength(1);
    // Node's timers count whole milliseconds and may be a fraction early.
    expect(ran[0]).toBeGreaterThanOrEqual(4);
  });

  test("runs tasks in the order of their times, and of their setting where those are equal", async () => {
    const { clock, until } = create();
    const order: string[] = [];
    const all = [
      after(clock, 20, () => order.push("late")),
      after(clock, 3, () => order.push("early 1")),
      after(clock, 3, () => order.push("early 2")),
    ];
    await until(Promise.all(all).then(() => {}));
    expect(order).toEqual(["early 1", "early 2", "late"]);
  });

  test("does not run what was taken back, and takes back twice without harm", async () => {
    const { clock, until } = create();
    let ran = false;
    const cancel = clock.after(1, () => {
      ran = true;
    });
    cancel();
    cancel();
    await until(after(clock, 4));
    expect(ran).toBe(false);
  });

  test("takes back a task that ran without harm to the next", async () => {
    const { clock, until } = create();
    let cancel = (): void => {};
    await until(
      new Promise((resolve) => {
        cancel = clock.after(1, resolve);
      }),
    );
    let ran = false;
    const next = after(clock, 1, () => {
      ran = true;
    });
    cancel();
    await until(next);
    expect(ran).toBe(true);
  });

  test("runs what a task sets for the same time again", async () => {
    const { clock, until } = create();
    const times: number[] = [];
    const again = (): Promise<void> => after(clock, 2, () => times.push(clock.now()));
    await until(again().then(again).then(again));
    expect(times.toSorted((a, b) => a - b)).toEqual(times);
    expect(times).toHaveLength(3);
  });

  test("never goes back, and tells wall time in milliseconds", () => {
    const { clock } = create();
    const [a, b] = [clock.now(), clock.now()];
    expect(b).toBeGreaterThanOrEqual(a);
    expect(clock.epoch()).toBeGreaterThanOrEqual(1_000_000);
  });
});

describe("the queue's clock", () => {
  /** Timers that fire when told to. */
  const manual = (): { clock: Clock; timers: (() => void)[]; advance: (ms: number) => void } => {
    let now = 0;
    const timers: (() => void)[] = [];
    const clock = queueClock({
      now: () => now,
      epoch: () => now,
      start: (_, task) => void timers.push(task),
    });
    return {
      clock,
      timers,
      advance: (ms) => {
        now += ms;
        timers.shift()?.();
      },
    };
  };

  test("has one timer a duration, also after many durations that came once", () => {
    const { clock, timers, advance } = manual();
    for (let i = 0; i < 200; i++) clock.after(1 + i / 1_000, () => {});
    while (timers.length > 0) advance(1);
    for (let i = 0; i < 50; i++) clock.after(10, () => {});
    expect(timers).toHaveLength(1);
  });

  test("starts no timer that is longer than the runtime's can be", () => {
    const started: number[] = [];
    const clock = queueClock({ now: () => 0, epoch: () => 0, start: (ms) => void started.push(ms) });
    clock.after(2 ** 31 * 1.1, () => {});
    expect(started).toEqual([2 ** 31 - 1]);
  });

  test("has one timer a duration, also where its tasks set the next ones", () => {
    const { clock, timers, advance } = manual();
    let ran = 0;
    const renew = (): void => {
      ran++;
      clock.after(10, renew);
    };
    clock.after(10, renew);
    for (let round = 0; round < 20; round++) {
      advance(5);
      clock.after(10, () => {});
      expect(timers).toHaveLength(1);
    }
    expect(ran).toBeGreaterThan(5);
  });

  test("goes on after a task that throws", () => {
    const { clock, timers, advance } = manual();
    let ran = false;
    clock.after(10, () => {
      throw new Error("a defect");
    });
    clock.after(10, () => {
      ran = true;
    });
    expect(() => advance(10)).toThrow("a defect");
    expect(timers).toHaveLength(1);
    advance(1);
    expect(ran).toBe(true);
  });
});
