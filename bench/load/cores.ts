/** One core for the proxy under test, another for everything else. */
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { machineProgram } from "./programs.ts";

export interface Cores {
  /** The proxy's. Undefined when nothing is pinned. */
  readonly proxy: number | undefined;
  /** Load generator's, origin's and this program's. */
  readonly load: number | undefined;
  /** For the report. */
  readonly description: string;
}

/** Pins this very process to the load core, its children with it. */
export const divideCores = (): Cores => {
  const taskset = machineProgram("taskset");
  if (taskset === undefined || availableParallelism() < 2) {
    const why = taskset === undefined ? "taskset is not installed" : "there is one core";
    return { proxy: undefined, load: undefined, description: `nothing is pinned: ${why}` };
  }
  execFileSync(taskset, ["-a", "-p", "-c", "1", String(process.pid)], { stdio: "ignore" });
  return { proxy: 0, load: 1, description: "proxy on core 0, load generator and origin on core 1" };
};
