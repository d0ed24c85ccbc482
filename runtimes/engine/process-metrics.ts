/** Metrics of the process, on Node, Deno and Bun. */
import { PerformanceObserver, performance } from "node:perf_hooks";
import process from "node:process";
import { PROCESS_INSTRUMENTS } from "../../src/observe/process-instruments.ts";
import type { MetricRegistry } from "../../src/observe/metric-registry.ts";

const TICK_MS = 500;
const SECOND_MS = 1_000;
const SECOND_US = 1e6;

/** Kinds of collections by V8's number. */
const GC_TYPES: Readonly<Record<number, string>> = { 1: "minor", 4: "major", 8: "incremental", 16: "weakcb" };

/**
 * Measures this thread from now on, and the process where `isMain`: CPU time, resident memory and age are those of all threads.
 *
 * @returns what ends that
 */
export const processMetrics = (registry: MetricRegistry, isMain: boolean): (() => void) => {
  const ends = [
    ...(isMain ? [observeProcess(registry)] : []),
    observeHeap(registry),
    measureLoop(registry),
    measureCollections(registry),
  ];
  return () => {
    for (const end of ends) end();
  };
};

const observeProcess = (registry: MetricRegistry): (() => void) => {
  const { cpu, memory, uptime } = PROCESS_INSTRUMENTS;
  return registry.observe((observe) => {
    const { user, system } = process.cpuUsage();
    observe(cpu, ["user"], user / SECOND_US);
    observe(cpu, ["system"], system / SECOND_US);
    observe(memory, [], process.memoryUsage().rss);
    observe(uptime, [], process.uptime());
  });
};

const observeHeap = (registry: MetricRegistry): (() => void) => {
  const { heap } = PROCESS_INSTRUMENTS;
  return registry.observe((observe) => {
    const { heapTotal, heapUsed } = process.memoryUsage();
    observe(heap, ["used"], heapUsed);
    observe(heap, ["reserved"], heapTotal);
  });
};

const measureLoop = (registry: MetricRegistry): (() => void) => {
  const delays = registry.histogram(PROCESS_INSTRUMENTS.loopDelay, []);
  let dueAt = performance.now() + TICK_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    delays.record(Math.max(0, now - dueAt) / SECOND_MS);
    dueAt = now + TICK_MS;
  }, TICK_MS);
  timer.unref();
  return () => clearInterval(timer);
};

/** Deno and Bun have no such entries. */
const measureCollections = (registry: MetricRegistry): (() => void) => {
  if (!PerformanceObserver.supportedEntryTypes.includes("gc")) return () => {};
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { detail } = entry as { readonly detail?: { readonly kind?: number } };
      const type = GC_TYPES[detail?.kind ?? 0] ?? "other";
      registry.histogram(PROCESS_INSTRUMENTS.collections, [type]).record(entry.duration / SECOND_MS);
    }
  });
  observer.observe({ entryTypes: ["gc"] });
  return () => observer.disconnect();
};
