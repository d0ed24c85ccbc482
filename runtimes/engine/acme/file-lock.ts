/** A lock between processes and threads: a file that is there, and touched again and again, while somebody has it. */
import { randomUUID } from "node:crypto";
import { open, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import type { Cancel, Clock } from "../../../src/core/platform.ts";
import { errorCode } from "../../error-code.ts";

/** Gives the lock back. */
export type Unlock = () => Promise<void>;

/** A lock that was not touched for so long is one of a process that has ended. */
const LEASE_MS = 15_000;
const TOUCH_MS = LEASE_MS / 3;

/**
 * Takes the lock at `path`. Undefined where another has it.
 *
 * @throws where the file can't be written.
 */
export const takeLock = async (
  path: string,
  clock: Pick<Clock, "after" | "epoch">,
): Promise<Unlock | undefined> => {
  const owner = randomUUID();
  const isTaken =
    (await create(path, owner)) || ((await removeStale(path, clock.epoch())) && (await create(path, owner)));
  if (!isTaken) return undefined;
  let cancel: Cancel = () => {};
  let isGiven = false;
  const touch = async (): Promise<void> => {
    const now = new Date(clock.epoch());
    await utimes(path, now, now).catch(() => {});
    if (!isGiven) cancel = clock.after(TOUCH_MS, () => void touch());
  };
  await touch();
  return async () => {
    isGiven = true;
    cancel();
    if ((await read(path)) === owner) await rm(path, { force: true });
  };
};

const create = async (path: string, owner: string): Promise<boolean> => {
  try {
    const file = await open(path, "wx", 0o600);
    try {
      await file.writeFile(owner);
    } finally {
      await file.close();
    }
    return true;
  } catch (thrown) {
    if (errorCode(thrown) === "EEXIST") return false;
    throw thrown;
  }
};

/** The owner. */
const read = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, "utf8");
  } catch {
    return undefined;
  }
};

/** Two may find the same stale lock: one moves it away; the other finds none, or a new one, which it puts back. */
const removeStale = async (path: string, now: number): Promise<boolean> => {
  const found = await read(path);
  // A time far ahead was written by a clock that was wrong.
  if (Math.abs(now - (await touchedAt(path))) <= LEASE_MS) return false;
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return false;
  }
  if ((await read(aside)) !== found) {
    await rename(aside, path);
    return false;
  }
  await rm(aside, { force: true });
  return true;
};

const touchedAt = async (path: string): Promise<number> => {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return 0;
  }
};
