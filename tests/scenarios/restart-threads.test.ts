/** Processes of several threads that take over from each other. */
import { expect, test } from "vitest";
import { COMMAND_RUNTIMES } from "../support/command.ts";
import { restartUnderLoad } from "../support/restart-load.ts";

test.each(COMMAND_RUNTIMES)(
  "restart of two threads under load fails no request on %s",
  async (runtime) => {
    const figures = await restartUnderLoad({ runtime, upgrades: 2, requestsBetween: 300, threads: 2 });
    expect(figures.failed).toEqual([]);
    expect(figures.upgrades).toEqual([0, 0]);
    for (const answered of figures.byVersion) expect(answered).toBeGreaterThan(50);
    expect(figures.requests - figures.byVersion.reduce((a, b) => a + b)).toBe(0);
    expect(new Set(figures.closeCodes)).toEqual(new Set([1001]));
    expect(figures.printed).not.toMatch(/cut off/);
    expect(figures.exitCode).toBe(0);
  },
  120_000,
);
