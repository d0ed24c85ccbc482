/** How many files this process may have open, and how many clients that is enough for. */
import { readFileSync } from "node:fs";

/** Standard output, log files, listeners, what the runtime itself needs, and idle upstream connections. */
const OTHERS = 64;
/** A client's connection, and one to its upstream. */
const EACH = 2;

/** The soft limit, as /proc/self/limits writes it. */
const OPEN_FILES = /^Max open files +(\d+)/m;

/** Connections of clients that there are enough files for; at least 1. Infinity for no limit. */
export const clientRoom = (files: number): number => Math.max(1, Math.floor((files - OTHERS) / EACH));

/** Infinity where there is no limit, or the system has no /proc to read it from. */
export const openFileLimit = (): number => {
  try {
    const [, files] = OPEN_FILES.exec(readFileSync("/proc/self/limits", "latin1")) ?? [];
    return files === undefined ? Number.POSITIVE_INFINITY : Number(files);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
};
