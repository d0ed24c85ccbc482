/** What the kernel knows of the processes of a run. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";

/** Resident memory, KiB. */
export const residentKib = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return sum + Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  }, 0);

export const openFiles = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + readdirSync(`/proc/${pid}/fd`).length, 0);

/** How many files this process and its children may have open. */
export const fileLimit = (): number =>
  Number(/^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? 0);

const TASKSET = "/usr/bin/taskset";

/** Keeps processes, with all their threads, on one core, so that bad clients take no time from the proxy but by their requests. */
export const pin = (pids: readonly number[], core: number): void => {
  if (!existsSync(TASKSET)) return;
  for (const pid of pids) spawnSync(TASKSET, ["-acp", String(core), String(pid)]);
};
