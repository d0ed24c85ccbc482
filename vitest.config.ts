import { availableParallelism } from "node:os";
import { defineConfig, type ViteUserConfig } from "vitest/config";

/**
 * Generous: a time-out is there to end what hangs, on a busy machine too. Files share their imports: importing everything anew
 * for each takes longer than its tests. A worker for each core, where vitest would leave one free.
 */
const project = (name: string, more: Record<string, unknown> = {}): object => ({
  test: {
    name,
    include: [`tests/${name}/**/*.test.ts`],
    testTimeout: 30_000,
    isolate: false,
    maxWorkers: availableParallelism(),
    ...more,
  },
});

const config: ViteUserConfig = defineConfig({
  test: {
    // An unhandled rejection anywhere fails the run; so does a `.only` left behind in CI.
    dangerouslyIgnoreUnhandledErrors: false,
    allowOnly: process.env["CI"] === undefined,
    teardownTimeout: 5_000,
    projects: [
      project("unit", { detectAsyncLeaks: true }),
      project("property", { detectAsyncLeaks: true }),
      project("contract"),
      project("simulation"),
      // Real processes: few at once, so that none starves on two cores. Most of their time they wait.
      project("conformance", {
        include: ["tests/conformance/*.test.ts"],
        hookTimeout: 60_000,
        maxWorkers: 6,
        sequence: { groupOrder: 1 },
      }),
      // Whole applications, faults that last, other people's software: minutes, `test:scenarios`.
      project("scenarios", {
        hookTimeout: 60_000,
        testTimeout: 60_000,
        maxWorkers: 5,
        sequence: { groupOrder: 2 },
      }),
      // The dashboard in a real Chromium: `test:browser`.
      project("browser", {
        hookTimeout: 120_000,
        testTimeout: 120_000,
        maxWorkers: 1,
        sequence: { groupOrder: 5 },
      }),
      // Minutes of load and of installing: own scripts, `test:big` and `test:package`.
      project("big", {
        include: ["tests/conformance/big/*.test.ts"],
        testTimeout: 300_000,
        maxWorkers: 1,
        sequence: { groupOrder: 3 },
      }),
      project("package", {
        testTimeout: 300_000,
        hookTimeout: 300_000,
        maxWorkers: 1,
        sequence: { groupOrder: 4 },
      }),
    ],
  },
});

export default config;
