import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { CountTable, sharedCounts } from "../../../../../runtimes/engine/threads/count-table.ts";
import { Tallies, sharedTallies } from "../../../../../runtimes/engine/threads/tallies.ts";

/** As many views of the same counts as there are threads. */
const views = (threads: number): readonly [Tallies, Tallies, ...Tallies[]] => {
  const shared = sharedTallies(threads);
  return Array.from({ length: threads }, (_, row) => new Tallies(shared, row)) as [Tallies, Tallies];
};

/** Runs the garbage collector and the callbacks of finalization. */
const collected = async (): Promise<void> => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  // Objects that a job has made stay alive until it ends.
  await setImmediate();
  collect();
  await setImmediate();
};

describe("a tally of several threads", () => {
  test("admits up to its limit in all of them together", () => {
    const [one, two] = views(2);
    expect([one.tally("a").tryAdd(2), two.tally("a").tryAdd(2), one.tally("a").tryAdd(2)]).toEqual([
      true,
      true,
      false,
    ]);
    expect([one.tally("a").total, one.tally("a").own, two.tally("b").total]).toEqual([2, 1, 0]);
    two.tally("a").remove();
    expect(one.tally("a").tryAdd(2)).toBe(true);
  });

  test("loses what a thread had counted that has ended", () => {
    const [one, two] = views(2);
    for (let i = 0; i < 3; i += 1) two.tally("a").add();
    one.tally("a").add();
    two.tryAddClient("10.0.0.1", 5);
    one.clear(1);
    expect(one.tally("a").total).toBe(1);
    expect([one.tryAddClient("10.0.0.1", 1), one.tryAddClient("10.0.0.1", 1)]).toEqual([true, false]);
  });

  test("is that of each thread where there are too many names for the memory", () => {
    const [one, two] = views(2);
    for (let i = 0; i < 2 ** 13; i += 1) one.tally(`name ${i}`);
    const tally = one.tally("one more");
    expect([tally.tryAdd(1), tally.tryAdd(1), tally.own, tally.total]).toEqual([true, false, 1, 1]);
    expect(two.tally("one more").tryAdd(1)).toBe(true);
    tally.remove();
    expect(one.tally("one more").tryAdd(1)).toBe(true);
    expect(one.tally("name 0").tryAdd(1)).toBe(true);
    expect(two.tally("name 0").tryAdd(1)).toBe(false);
  });

  test("keeps its place while any thread has it, and gives it back after that", async () => {
    const [one, two] = views(2);
    const kept = two.tally("kept");
    kept.add();
    // Each reload has names of its own, which nothing refers to after it.
    for (let reload = 0; reload < 5; reload += 1) {
      for (let i = 0; i < 2 ** 12; i += 1) one.tally(`name ${reload} ${i}`).add();
      await collected();
    }
    const made = one.tally("new");
    made.add();
    expect([made.total, two.tally("new").total, one.tally("kept").total, kept.own]).toEqual([1, 1, 1, 1]);
  });

  test("that a lost thread had is given back too", () => {
    const shared = sharedTallies(2);
    const [one, two] = [new Tallies(shared, 0), new Tallies(shared, 1)];
    const lost = Array.from({ length: 2 ** 13 }, (_, i) => two.tally(`name ${i}`));
    expect(lost[0]?.tryAdd(1)).toBe(true);
    one.clear(1);
    const made = one.tally("new");
    const again = new Tallies(shared, 1);
    expect(made.tryAdd(1)).toBe(true);
    expect(again.tally("new").total).toBe(1);
  });

  test("counts clients apart, and forgets those that have left", () => {
    const [one, two] = views(2);
    expect(one.tryAddClient("10.0.0.1", 1)).toBe(true);
    expect(two.tryAddClient("10.0.0.1", 1)).toBe(false);
    expect(two.tryAddClient("10.0.0.2", 1)).toBe(true);
    one.removeClient("10.0.0.1");
    expect(two.tryAddClient("10.0.0.1", 1)).toBe(true);
  });
});

describe("a table of counts", () => {
  test("gives the slots of names at 0 to others, and counts nothing when all are in use", () => {
    const table = new CountTable(sharedCounts(1, 4), 0);
    const add = (name: string): boolean =>
      table.locked(() => {
        const at = table.findOrMake(name, (slot) => table.totalAt(slot) === 0);
        if (at !== undefined) table.addAt(at, 1);
        return at !== undefined;
      });
    expect(["a", "b", "c", "d", "e"].map(add)).toEqual([true, true, true, true, false]);
    table.locked(() => table.addAt(table.find("b") ?? -1, -1));
    expect(add("e")).toBe(true);
    expect(table.locked(() => table.find("b"))).toBeUndefined();
    expect(table.locked(() => table.totalAt(table.find("e") ?? -1))).toBe(1);
  });

  test("loses no count where threads add and take back at the same time", async () => {
    const shared = sharedTallies(3);
    const file = new URL("../../../../support/launch/tally-writer.ts", import.meta.url);
    const threads = [1, 2].map((row) => new Worker(file, { workerData: { shared, row, times: 20_000 } }));
    const ends = await Promise.all(threads.map((thread) => once(thread, "exit")));
    expect(ends).toEqual([[0], [0]]);
    const own = new Tallies(shared, 0);
    expect(own.tally("kept").total).toBe(2 * 20_000);
    expect(own.tally("limited").total).toBe(0);
    expect([own.tryAddClient("10.0.0.7", 1), own.tryAddClient("10.0.0.7", 1)]).toEqual([true, false]);
  });
});
