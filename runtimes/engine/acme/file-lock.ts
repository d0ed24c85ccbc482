/** A lock between processes and threads: a file that is there, and touched again and again, while somebody has it. */
import { randomUUID } from "node:crypto";
import { open, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import type { Cancel, Clock } from "../../../src/core/platform.ts";
import { errorCode } from "../../error-code.ts";

/** Gives the lock back. Never rejects: where the file can't be removed, its time passes. */
export type Unlock = () => Promise<void>;

/** A lock that was not touched for so long is one of a process that has ended. */
const LEASE_MS = 15_000;
const TOUCH_MS = LEASE_MS / 3;

/**
 * Takes the lock at `path`. Undefined where another has it.
 *
 * Of several that find the same abandoned lock, one at most gets it.
 *
 * @throws where the file can't be written.
 */
export const takeLock = async (
  path: string,
  clock: Pick<Clock, "after" | "epoch">,
): Promise<Unlock | undefined> => {
  const owner = randomUUID();
  if (!(await create(path, owner)) && !(await takeOver(path, owner, clock.epoch()))) return undefined;
  let cancel: Cancel = () => {};
  let isGiven = false;
  const touch = async (): Promise<void> => {
    const now = new Date(clock.epoch());
    if ((await read(path)) === owner) await utimes(path, now, now).catch(() => {});
    if (!isGiven) cancel = clock.after(TOUCH_MS, () => void touch());
  };
  await touch();
  return async () => {
    isGiven = true;
    cancel();
    await endLock(path, owner, clock.epoch(), () => rm(path, { force: true })).catch(() => {});
  };
};

/** @returns whether the file was not there. */
const create = async (path: string, text: string): Promise<boolean> => {
  try {
    const file = await open(path, "wx", 0o600);
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
    return true;
  } catch (thrown) {
    if (errorCode(thrown) === "EEXIST") return false;
    throw thrown;
  }
};

const read = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, "utf8");
  } catch {
    return undefined;
  }
};

/** Whether the file is there, and was not touched for the time of a lease. A time far ahead was written by a clock that was wrong. */
const isAbandoned = async (path: string, now: number): Promise<boolean> => {
  try {
    return Math.abs(now - (await stat(path)).mtimeMs) > LEASE_MS;
  } catch {
    return false;
  }
};

/** Makes an abandoned lock one of `owner`. Returns whether it is. */
const takeOver = async (path: string, owner: string, now: number): Promise<boolean> => {
  const found = await read(path);
  if (found === undefined || !(await isAbandoned(path, now))) return false;
  let isTaken = false;
  await endLock(path, found, now, async () => {
    // Its owner may have been slow, and have touched it meanwhile.
    if (!(await isAbandoned(path, now))) return;
    const draft = `${path}.${owner}`;
    await create(draft, owner);
    await rename(draft, path);
    isTaken = true;
  });
  return isTaken;
};

/** The owner of a lock that was not written whole, in names of claims. */
const UNKNOWN = "unknown";

/**
 * Runs `change`, which ends the lock of `owner` at `path`, unless another ends it or has ended it.
 *
 * Whoever wants to make a change first makes a claim: a file that is named after the owner, and that only one process can create.
 * With the claim it reads the lock again. The lock still has this owner only if nobody has changed it, since claims are removed
 * after their change, and no owner has a lock twice. A claim whose process has ended before its change is abandoned after the time
 * of a lease, as a lock is; then the claim with the next number counts.
 */
const endLock = async (
  path: string,
  owner: string,
  now: number,
  change: () => Promise<void>,
): Promise<void> => {
  const name = /^[\w-]{1,64}$/.test(owner) ? owner : UNKNOWN;
  const claims: string[] = [];
  for (;;) {
    const claim = `${path}.${name}.${claims.length + 1}`;
    claims.push(claim);
    if (await create(claim, "")) break;
    if (!(await isAbandoned(claim, now))) return;
  }
  try {
    if ((await read(path)) === owner) await change();
  } finally {
    await Promise.all(claims.map((claim) => rm(claim, { force: true })));
  }
};
