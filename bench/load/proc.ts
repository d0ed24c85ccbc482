/** Readings from /proc: CPU time and memory of a process and its descendants. */
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Clock ticks a second; 100 on every Linux of today unless `getconf` knows better. */
const clockTicks = (): number => {
  try {
    return Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
  } catch {
    return 100;
  }
};
const ticksPerSecond = clockTicks();

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // the process has ended
  }
};

/** Fields of /proc/<pid>/stat after the command, which may hold spaces and parentheses. Index 0 is field 3. */
const statFields = (pid: number): string[] | undefined => {
  const text = read(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(")") + 2).split(" ");
};

/** `pid` and all its living descendants. */
export const processTree = (pid: number): number[] => {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = Number(statFields(Number(entry))?.[1]);
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [Number(entry)]);
    else siblings.push(Number(entry));
  }
  const tree = [pid];
  for (let i = 0; i < tree.length; i++) tree.push(...(children.get(tree[i] as number) ?? []));
  return tree;
};

/**
 * CPU seconds spent so far by all threads of the tree, in user and kernel mode; children that have ended and
 * were waited for are counted too. Resolution is one clock tick, 10 ms as a rule.
 */
export const cpuSeconds = (pid: number): number => {
  let ticks = 0;
  for (const member of processTree(pid)) {
    const fields = statFields(member);
    if (fields === undefined) continue;
    for (let i = 11; i <= 14; i++) ticks += Number(fields[i]); // utime, stime, cutime, cstime
  }
  return ticks / ticksPerSecond;
};

const statusKilobytes = (pid: number, field: string): number => {
  let sum = 0;
  for (const member of processTree(pid)) {
    const found = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(read(`/proc/${member}/status`) ?? "");
    sum += Number(found?.[1] ?? 0);
  }
  return sum;
};

const mebibytes = (kilobytes: number): number => kilobytes / 1024;

/** Memory resident now, in MiB, summed over the tree. */
export const residentMiB = (pid: number): number => mebibytes(statusKilobytes(pid, "VmRSS"));

/** Most memory resident at once since the start or the last `forgetPeak`, in MiB, summed over the tree. */
export const peakMiB = (pid: number): number => mebibytes(statusKilobytes(pid, "VmHWM"));

/** Starts a new peak from what is resident now. False where the kernel does not allow it. */
export const forgetPeak = (pid: number): boolean => {
  try {
    for (const member of processTree(pid)) writeFileSync(`/proc/${member}/clear_refs`, "5");
    return true;
  } catch {
    return false;
  }
};

/** Idle and all ticks of all cores so far, from /proc/stat. */
const machineTicks = (): readonly [idle: number, all: number] => {
  const [, ...ticks] = (read("/proc/stat")?.split("\n", 1)[0] ?? "").split(/\s+/);
  const numbers = ticks.slice(0, 8).map(Number); // user nice system idle iowait irq softirq steal
  return [(numbers[3] ?? 0) + (numbers[4] ?? 0), numbers.reduce((sum, value) => sum + value, 0)];
};

/** Share of all cores in use during the next second, 0 to 1. */
export const busyShare = async (): Promise<number> => {
  const [idleBefore, allBefore] = machineTicks();
  await sleep(1000);
  const [idle, all] = machineTicks();
  return 1 - (idle - idleBefore) / Math.max(1, all - allBefore);
};
