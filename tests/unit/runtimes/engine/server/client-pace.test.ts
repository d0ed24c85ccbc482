/** How fast a client is: what counts, and what does not. */
import { describe, expect, test } from "vitest";
import { ClientPace } from "../../../../../runtimes/engine/server/client-pace.ts";

const MIB = 1024 * 1024;
const SENDING = [true, 0] as const;
const READING = [false, 1] as const;

const paceOf = (bytesPerSecond: number): ClientPace => {
  const pace = new ClientPace();
  pace.bytesPerSecond = bytesPerSecond;
  return pace;
};

describe("pace of a request's content", () => {
  test("content below the rate over ten seconds is too slow", () => {
    const pace = paceOf(100);
    pace.awaits(5_000);
    pace.received(999);
    expect(pace.deadline).toBe(15_000);
    const error = pace.check(15_000, ...SENDING);
    expect([error?.code, error?.message]).toEqual([
      "request-timeout",
      "the client sent its content at less than 100 bytes a second (listen.limits.minRate)",
    ]);
    expect(pace.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  test("content at the rate gets another ten seconds, in which earlier bytes do not count", () => {
    const pace = paceOf(100);
    pace.awaits(0);
    pace.received(100_000);
    expect(pace.check(10_050, ...SENDING)).toBeUndefined();
    expect(pace.deadline).toBe(20_050);
    pace.received(999);
    expect(pace.check(20_050, ...SENDING)?.code).toBe("request-timeout");
  });

  test("time in which the content is held up does not count", () => {
    const pace = paceOf(100);
    pace.awaits(0);
    pace.heldUp(4_000);
    pace.heldUp(5_000);
    expect(pace.deadline).toBe(Number.POSITIVE_INFINITY);
    pace.awaits(1_000_000);
    expect(pace.deadline).toBe(1_006_000);
    pace.awaits(1_003_000);
    expect(pace.deadline).toBe(1_006_000);
    expect(pace.check(1_006_000, ...SENDING)?.code).toBe("request-timeout");
  });

  test("reader that holds content up behind each byte does not make a slow client fast", () => {
    const pace = paceOf(100);
    for (let now = 0; now < 10_000; now += 1_000) {
      pace.awaits(now);
      pace.received(1);
      pace.heldUp(now + 999);
    }
    pace.awaits(10_000);
    expect(pace.deadline).toBe(10_010);
    expect(pace.check(10_010, ...SENDING)?.code).toBe("request-timeout");
  });

  test("content that nobody waits for any more is not measured", () => {
    const pace = paceOf(100);
    pace.awaits(0);
    expect(pace.check(10_000, false, 0)).toBeUndefined();
    expect(pace.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  test("each request has its own ten seconds", () => {
    const pace = paceOf(100);
    pace.awaits(0);
    pace.heldUp(1_000);
    pace.requestBegun();
    pace.awaits(9_000);
    expect(pace.deadline).toBe(19_000);
  });
});

describe("pace of reading", () => {
  test("client has ten seconds and the time of what it was given", () => {
    const pace = paceOf(100);
    pace.blocked(0, 5_000, 2_000);
    expect(pace.deadline).toBe(60_000);
    const error = pace.check(60_000, ...READING);
    expect([error?.code, error?.message]).toEqual([
      "client-closed",
      "client read the response at less than 100 bytes a second (listen.limits.minRate)",
    ]);
    expect(pace.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  test("only what was given since buys more time", () => {
    const pace = paceOf(100);
    pace.blocked(0, 5_000, 2_000);
    pace.drained(50_000);
    expect(pace.deadline).toBe(Number.POSITIVE_INFINITY);
    pace.blocked(55_000, 6_000, 1_000);
    expect(pace.deadline).toBe(55_000 + 10_000 + 10_000);
    pace.blocked(56_000, 6_100, 1_100);
    expect(pace.deadline).toBe(55_000 + 10_000 + 10_000 + 1_000);
  });

  test("time between a drained and a full socket does not count", () => {
    const pace = paceOf(100);
    pace.blocked(0, 1_000, 1_000);
    pace.drained(1_000);
    pace.blocked(900_000, 1_100, 100);
    expect(pace.deadline).toBe(900_000 + 10_000 + 10_000);
  });

  test("earlier bytes count as far as they may still be in buffers", () => {
    const pace = paceOf(MIB);
    pace.blocked(0, 1_000 * MIB, MIB);
    expect(pace.deadline).toBe((10 + 16 + 1) * 1_000);
  });

  test("what has left by the deadline is not waited for", () => {
    const pace = paceOf(100);
    pace.blocked(0, 1_000, 1_000);
    expect(pace.check(20_000, false, 0)).toBeUndefined();
    expect(pace.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  test.each([1, 4, 10])(
    "client just above the rate is never cut by a system that frees %i MiB at once",
    (step) => {
      const [rate, reads, piece] = [10_000, 10_100, 64 * 1024];
      const pace = paceOf(rate);
      // The system takes `step` at the start and again each time that the client has read as much.
      let [written, room] = [0, step * MIB];
      for (let frees = 0; frees < 20; frees++) {
        const now = (frees * step * MIB * 1_000) / reads;
        pace.drained(now);
        for (; room >= 0; room -= piece) written += piece;
        room += step * MIB;
        pace.blocked(now, written, piece);
        expect(pace.deadline).toBeGreaterThan(now + (step * MIB * 1_000) / reads);
      }
    },
  );

  test("client at four fifths of the rate is cut once what it was given is paid for", () => {
    const [rate, step] = [10_000, 100_000];
    const pace = paceOf(rate);
    let now = 0;
    let written = 0;
    while (pace.check(now, ...READING) === undefined) {
      pace.drained(now);
      written += step;
      pace.blocked(now, written, step);
      now += (step * 1_000) / (0.8 * rate);
    }
    expect(now).toBe(50_000);
  });
});
