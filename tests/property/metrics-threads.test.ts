import { Worker } from "node:worker_threads";
import { once } from "node:events";
import { expect, it } from "vitest";
import { MetricRegistry } from "../../src/observe/metric-registry.ts";
import { SharedMemory, sharedMetrics } from "../../src/observe/shared-memory.ts";
import { instrumentOf } from "../support/metrics.ts";

const THREADS = 4;
const UPDATES = 50_000;
const NAMES = 500;
const FILE = new URL("../support/launch/metric-writer.ts", import.meta.url);

it("concurrent updates from several threads lose nothing, and no name is given twice", async () => {
  const shared = sharedMetrics({ writers: THREADS + 1 });
  const registry = new MetricRegistry({ memory: new SharedMemory(shared) });
  registry.know([
    instrumentOf(),
    instrumentOf({ name: "test.time", unit: "s", kind: "histogram", bounds: [1, 2, 3] }),
  ]);
  const gate = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const workerData = { shared, gate, updates: UPDATES, names: NAMES };
  const threads = Array.from({ length: THREADS }, () => new Worker(FILE, { workerData }));
  const ended = threads.map((thread) => once(thread, "exit"));
  await Promise.all(threads.map((thread) => once(thread, "online")));
  Atomics.store(new Int32Array(gate), 0, 1);
  Atomics.notify(new Int32Array(gate), 0);
  // A reader in between sees numbers that only grow.
  let last = 0;
  for (let reads = 0; reads < 20; reads += 1) {
    const [counted] = registry.read().filter(({ instrument }) => instrument.name === "test.things");
    const lasting =
      counted?.points.filter(({ attributes }) => String(attributes[0]).startsWith("name")) ?? [];
    const sum = lasting.reduce((all, { value }) => all + Number(value), 0);
    expect(sum).toBeGreaterThanOrEqual(last);
    last = sum;
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await Promise.all(ended)).toEqual(threads.map(() => [0]));
  const readings = new Map(registry.read().map(({ instrument, points }) => [instrument.name, points]));
  const counts = readings.get("test.things") ?? [];
  expect(counts).toHaveLength(NAMES);
  expect(new Set(counts.map(({ value }) => value))).toEqual(new Set([(THREADS * UPDATES) / NAMES]));
  const times = readings.get("test.time") ?? [];
  const total = times.reduce((all, { value }) => all + (typeof value === "number" ? 0 : value.count), 0);
  expect(total).toBe(THREADS * UPDATES);
});
