/**
 * How late the event loop is. Measured by a timer of our own: what the runtimes offer for it counts its own interval on Node,
 * and misses blocks on Deno.
 */
import { performance } from "node:perf_hooks";
import process from "node:process";
import type { LoopDelay } from "../../../src/core/diagnostics.ts";
import { pause } from "./pause.ts";

/** Timers are set this far ahead. */
const TICK_MS = 10;
const BOUNDS_MS: readonly number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];
const US_PER_MS = 1_000;

/** Delays for the next `ms` milliseconds. Rejects with the signal's reason when that aborts. */
export const loopDelay = async (ms: number, signal: AbortSignal): Promise<LoopDelay> => {
  const delays: number[] = [];
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  let now = startedAt;
  do {
    const dueAt = now + TICK_MS;
    await pause(TICK_MS, signal);
    now = performance.now();
    delays.push(Math.max(0, now - dueAt));
  } while (now - startedAt < ms);
  const { user, system } = process.cpuUsage(cpuBefore);
  const elapsed = now - startedAt;
  return { seconds: elapsed / 1_000, ...summary(delays), cpu: (user + system) / US_PER_MS / elapsed };
};

/** Of at least one delay. */
export const summary = (delays: readonly number[]): Omit<LoopDelay, "seconds" | "cpu"> => {
  const sorted = delays.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
  const sum = sorted.reduce((total, delay) => total + delay, 0);
  return {
    samples: sorted.length,
    mean: sum / sorted.length,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    max: at(1),
    buckets: bucketsOf(sorted),
  };
};

const bucketsOf = (sorted: readonly number[]): LoopDelay["buckets"] => {
  let before = 0;
  return [...BOUNDS_MS, undefined].map((upTo) => {
    const beyond = upTo === undefined ? -1 : sorted.findIndex((delay) => delay > upTo);
    const counted = beyond === -1 ? sorted.length : beyond;
    const samples = counted - before;
    before = counted;
    return { upTo, samples };
  });
};
