import { describe, expect, test } from "vitest";
import {
  type PreparingThread,
  type SentWith,
  discardOn,
  prepareOn,
} from "../../../../../runtimes/engine/threads/thread-configs.ts";

const SENT = { config: {}, explicit: new Set() } as unknown as SentWith;
/** What these tests wait out never comes, so short limits do. */
const LIMITS = { answerMs: 1, prepareMs: 1 };

const never = new Promise<never>(() => {});

/** @param prepare what it does when it is to prepare a config */
const threadOf = (number: number, prepare: () => Promise<unknown>, isResponsive = true): PreparingThread => ({
  number,
  hasEnded: !isResponsive,
  endUnlessResponsive: async () => !isResponsive,
  peer: { call: (async () => prepare()) as PreparingThread["peer"]["call"] },
});

describe("a config for threads", () => {
  test("is prepared on the others where one does not answer and has to be ended", async () => {
    let prepared = 0;
    const ready = threadOf(1, async () => void (prepared += 1));
    await prepareOn([ready, threadOf(2, () => never, false)], SENT, LIMITS);
    expect(prepared).toBe(1);
  });

  test("is refused where one takes too long, with its number", async () => {
    const threads = [threadOf(1, async () => {}), threadOf(2, () => never)];
    await expect(prepareOn(threads, SENT, { ...LIMITS, prepareMs: 5 })).rejects.toThrow(
      "thread 2 was not ready with the config after 0.005 s",
    );
  });

  test("is refused with the error of the first that can't prepare it", async () => {
    const failing = threadOf(2, async () => Promise.reject(new Error("the port is taken")));
    await expect(
      prepareOn([threadOf(1, async () => {}), failing], SENT, { ...LIMITS, prepareMs: 60_000 }),
    ).rejects.toThrow("the port is taken");
  });

  test("is given up without a thread that does not answer", async () => {
    let given = 0;
    await discardOn([threadOf(1, () => never), threadOf(2, async () => void (given += 1))], LIMITS);
    expect(given).toBe(1);
  });
});
