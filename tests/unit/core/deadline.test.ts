import { describe, expect, test } from "vitest";
import { ManualClock } from "../../../runtimes/memory/clock.ts";
import { CancellationSource, NEVER_CANCELLED } from "../../../src/core/cancellation.ts";
import { withDeadline } from "../../../src/core/deadline.ts";
import { ProxyError } from "../../../src/core/errors.ts";

describe("deadline", () => {
  test("fires deadline-exceeded once the time is over", async () => {
    const clock = new ManualClock();
    const seen: string[] = [];
    withDeadline(NEVER_CANCELLED, clock, 100).subscribe((reason) => seen.push(reason.code));
    await clock.advance(99);
    expect(seen).toEqual([]);
    await clock.advance(1);
    expect(seen).toEqual(["deadline-exceeded"]);
  });

  test("counts from its creation, not from the subscription", async () => {
    const clock = new ManualClock();
    const limited = withDeadline(NEVER_CANCELLED, clock, 100);
    await clock.advance(60);
    const seen: string[] = [];
    limited.subscribe((reason) => seen.push(reason.code));
    await clock.advance(40);
    expect(seen).toEqual(["deadline-exceeded"]);
  });

  test("leaves no timer behind when nobody listens any more", () => {
    const clock = new ManualClock();
    const stop = withDeadline(NEVER_CANCELLED, clock, 100).subscribe(() => {});
    expect(clock.pending).toBe(1);
    stop();
    expect(clock.pending).toBe(0);
  });

  test("passes the parent's reason on and stops its timer", () => {
    const clock = new ManualClock();
    const parent = new CancellationSource();
    const seen: string[] = [];
    withDeadline(parent, clock, 100).subscribe((reason) => seen.push(reason.code));
    parent.cancel(new ProxyError("client-closed"));
    expect(seen).toEqual(["client-closed"]);
    expect(clock.pending).toBe(0);
  });

  test("fires at once when the parent already has", () => {
    const clock = new ManualClock();
    const parent = new CancellationSource();
    parent.cancel(new ProxyError("client-closed"));
    const seen: string[] = [];
    withDeadline(parent, clock, 100).subscribe((reason) => seen.push(reason.code));
    expect(seen).toEqual(["client-closed"]);
    expect(clock.pending).toBe(0);
  });
});
