import { describe, expect, test } from "vitest";
import {
  type PreparingThread,
  type SentWith,
  discardOn,
  prepareOn,
} from "../../../../../runtimes/engine/threads/thread-configs.ts";

const SENT = { config: {}, explicit: new Set() } as unknown as SentWith;
/** Nothing that these tests wait for in vain ever comes. */
const PATIENCE = { answerMs: 1, prepareMs: 1 };

const never = new Promise<never>(() => {});

/** @param prepare what it does when it is to prepare a config */
const threadOf = (number: number, prepare: () => Promise<unknown>, isResponsive = true): PreparingThread => ({
  number,
  hasEnded: !isResponsive,
  isResponsive: async () => isResponsive,
  peer: { call: (async () => prepare()) as PreparingThread["peer"]["call"] },
});

describe("a config for threads", () => {
  test("is prepared where one of them does not answer, which another takes the place of", async () => {
    let prepared = 0;
    const ready = threadOf(1, async () => void (prepared += 1));
    await prepareOn([ready, threadOf(2, () => never, false)], SENT, PATIENCE);
    expect(prepared).toBe(1);
  });

  test("is refused where one takes too long, with its number", async () => {
    const threads = [threadOf(1, async () => {}), threadOf(2, () => never)];
    await expect(prepareOn(threads, SENT, { ...PATIENCE, prepareMs: 5 })).rejects.toThrow(
      "thread 2 was not ready with the config after 0.005 s",
    );
  });

  test("is refused with what the first says that can't", async () => {
    const failing = threadOf(2, async () => Promise.reject(new Error("the port is taken")));
    await expect(
      prepareOn([threadOf(1, async () => {}), failing], SENT, { ...PATIENCE, prepareMs: 60_000 }),
    ).rejects.toThrow("the port is taken");
  });

  test("is given up without a thread that does not answer", async () => {
    let given = 0;
    await discardOn([threadOf(1, () => never), threadOf(2, async () => void (given += 1))], PATIENCE);
    expect(given).toBe(1);
  });
});
