/** What the kernel knows of the processes of a run. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, readlinkSync } from "node:fs";

/** Resident memory, KiB. */
export const residentKib = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return sum + Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  }, 0);

/** Inodes of the TCP connections to `ports`. */
const connectionsTo = (pid: number, ports: ReadonlySet<number>): ReadonlySet<string> => {
  const rows = readFileSync(`/proc/${pid}/net/tcp`, "latin1").split("\n").slice(1);
  const fields = rows.map((row) => row.trim().split(/\s+/));
  const isTo = (remote: string | undefined): boolean =>
    ports.has(Number.parseInt(remote?.split(":")[1] ?? "", 16));
  return new Set(fields.flatMap(([, , remote, , , , , , , inode = ""]) => (isTo(remote) ? [inode] : [])));
};

/** Open files without the connections to `ports`: proxies keep those to upstreams for later. */
export const openFiles = (pids: readonly number[], ports: ReadonlySet<number>): number =>
  pids.reduce((sum, pid) => {
    const kept = connectionsTo(pid, ports);
    const targets = readdirSync(`/proc/${pid}/fd`).map((name) => targetOf(`/proc/${pid}/fd/${name}`));
    return sum + targets.filter((target) => !kept.has(target.replace(/^socket:\[(\d+)\]$/, "$1"))).length;
  }, 0);

/** What a descriptor is; empty where it has just been closed. */
const targetOf = (path: string): string => {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
};

/** How many files this process and its children may have open. */
export const fileLimit = (): number =>
  Number(/^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? 0);

const TASKSET = "/usr/bin/taskset";

/** Keeps processes, with all their threads, on one core, so that bad clients take no time from the proxy but by their requests. */
export const pin = (pids: readonly number[], core: number): void => {
  if (!existsSync(TASKSET)) return;
  for (const pid of pids) spawnSync(TASKSET, ["-acp", String(core), String(pid)]);
};
