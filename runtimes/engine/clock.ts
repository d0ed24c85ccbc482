/** Time on runtimes with `node:timers`. */
import { setTimeout } from "node:timers";
import type { Clock } from "../../src/core/platform.ts";
import { queueClock } from "./queue-clock.ts";

/** A clock whose timers don't keep the process alive. */
export const engineClock = (): Clock =>
  queueClock({
    now: () => performance.now(),
    epoch: () => Date.now(),
    start: (ms, task) => void setTimeout(task, ms).unref(),
  });
