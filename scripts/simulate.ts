/**
 * Many seeds of the simulation, on all cores.
 *
 *   npm run simulate -- [--seeds 3000] [--from 1]
 *   npm run simulate -- --seed 42 [--trace]        one seed, and all that happens in it
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { FEATURES, type Feature } from "../tests/simulation/run-log.ts";
import { runSeed } from "../tests/simulation/run-seed.ts";

interface Shard {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

interface ShardResult {
  readonly failed: readonly { readonly seed: number; readonly violations: readonly string[] }[];
  readonly requests: number;
  /** Seeds in which each feature came up. */
  readonly features: ReadonlyMap<Feature, number>;
}

const runShard = async ({ from, to, step }: Shard): Promise<ShardResult> => {
  const failed: ShardResult["failed"][number][] = [];
  const features = new Map<Feature, number>();
  let requests = 0;
  for (let seed = from; seed < to; seed += step) {
    const run = await runSeed(seed);
    requests += run.requests;
    for (const feature of run.features.keys()) features.set(feature, (features.get(feature) ?? 0) + 1);
    if (run.violations.length > 0) failed.push({ seed, violations: run.violations });
  }
  return { failed, requests, features };
};

const inWorker = (shard: Shard): Promise<ShardResult> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: shard });
    worker.once("message", resolve);
    worker.once("error", reject);
  });

const print = (text: string): void => void process.stdout.write(`${text}\n`);

const runOne = async (seed: number, isTraced: boolean): Promise<boolean> => {
  const run = await runSeed(seed, { trace: isTraced ? print : undefined });
  print(JSON.stringify(run.scenario, undefined, 1));
  print(`seed ${seed}: ${run.requests} requests, ${run.attempts} attempts, ${run.failures} failures`);
  for (const violation of run.violations) print(`  ${violation}`);
  return run.violations.length === 0;
};

const runMany = async (from: number, count: number): Promise<boolean> => {
  const startedAt = performance.now();
  const step = availableParallelism();
  const shards = Array.from({ length: step }, (_, i) => ({ from: from + i, to: from + count, step }));
  const results = await Promise.all(shards.map(inWorker));
  const failed = results.flatMap((result) => result.failed);
  const requests = results.reduce((sum, result) => sum + result.requests, 0);
  for (const { seed, violations } of failed.slice(0, 20)) {
    print(
      `seed ${seed}: ${violations[0]}${violations.length > 1 ? ` (and ${violations.length - 1} more)` : ""}`,
    );
  }
  for (const feature of FEATURES) {
    const seeds = results.reduce((sum, { features }) => sum + (features.get(feature) ?? 0), 0);
    print(`${String(seeds).padStart(6)} seeds: ${feature}`);
  }
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  print(`${count} seeds, ${requests} requests, ${failed.length} failed, ${seconds} s`);
  if (failed[0] !== undefined) print(`replay: npm run simulate -- --seed ${failed[0].seed} --trace`);
  return failed.length === 0;
};

if (isMainThread) {
  const { values } = parseArgs({
    options: {
      seed: { type: "string" },
      seeds: { type: "string", default: "3000" },
      from: { type: "string", default: "1" },
      trace: { type: "boolean", default: false },
    },
  });
  const passed =
    values.seed === undefined
      ? await runMany(Number(values.from), Number(values.seeds))
      : await runOne(Number(values.seed), values.trace);
  process.exitCode = passed ? 0 : 1;
} else {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port of a worker thread, which has no origin
  parentPort?.postMessage(await runShard(workerData as Shard));
}
