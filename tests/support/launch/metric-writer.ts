/** A thread that counts into metrics which it shares with others. */
import { workerData } from "node:worker_threads";
import { MetricRegistry } from "../../../src/observe/metric-registry.ts";
import { SharedMemory, type SharedMetrics } from "../../../src/observe/shared-memory.ts";
import { instrumentOf } from "../metrics.ts";

const { shared, gate, updates, names } = workerData as {
  readonly shared: SharedMetrics;
  /** Turns from 0 to 1. */
  readonly gate: SharedArrayBuffer;
  readonly updates: number;
  readonly names: number;
};

const registry = new MetricRegistry({ memory: new SharedMemory(shared) });
const counter = instrumentOf();
const histogram = instrumentOf({ name: "test.time", unit: "s", kind: "histogram", bounds: [1, 2, 3] });

// All begin together.
const started = new Int32Array(gate);
Atomics.wait(started, 0, 0);
for (let i = 0; i < updates; i += 1) {
  // Asked for anew each time: threads meet while names are made.
  registry.sum(counter, [`name ${i % names}`, i % names]).add(1);
  registry.histogram(histogram, [`name ${i % names}`, undefined]).record(i % 4);
  // Series come and go meanwhile, each in all threads.
  if (i % 500 > 0) continue;
  registry.sum(counter, [`passing ${i}`, i]).add(1);
  registry.forget((_, [name]) => typeof name === "string" && name.startsWith("passing"));
}
