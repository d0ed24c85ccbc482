import { describe, expect, test } from "vitest";
import { ManualClock } from "../../../runtimes/memory/clock.ts";
import { OpenAttempts } from "../../../src/upstream/open-attempts.ts";

const rig = () => {
  const clock = new ManualClock();
  const open = new OpenAttempts(clock);
  const abandoned: string[] = [];
  const begin = (name: string, limitMs: number) => {
    const attempt = {
      abandon() {
        if (open.ended(attempt)) abandoned.push(name);
      },
    };
    open.began(attempt, limitMs);
    return attempt;
  };
  return { clock, open, abandoned, begin };
};

describe("open attempts", () => {
  test("that are over their time limit by a second are ended before the next request", async () => {
    const { clock, open, abandoned, begin } = rig();
    begin("long", 10_000);
    begin("short", 1_000);
    begin("unlimited", 0);
    await clock.advance(1_999);
    open.sweep();
    expect(abandoned).toEqual([]);
    await clock.advance(250);
    open.sweep();
    expect(abandoned).toEqual(["short"]);
    await clock.advance(60_000);
    open.sweep();
    expect(abandoned).toEqual(["short", "long", "unlimited"]);
  });

  test("that have ended are left alone", async () => {
    const { clock, open, abandoned, begin } = rig();
    expect(open.ended(begin("done", 1_000))).toBe(true);
    await clock.advance(10_000);
    open.sweep();
    expect(abandoned).toEqual([]);
  });
});
