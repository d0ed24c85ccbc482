import { defineConfig, type ViteUserConfig } from "vitest/config";

const project = (name: string, more: Record<string, unknown> = {}): object => ({
  test: { name, include: [`tests/${name}/**/*.test.ts`], ...more },
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
      // Real processes: few at once, so that none starves on two cores.
      project("conformance", { testTimeout: 30_000, hookTimeout: 60_000, maxWorkers: 2 }),
    ],
  },
});

export default config;
