/** A lock between processes and threads: a file that is there while somebody has it. */
import { randomUUID } from "node:crypto";
import { open, readFile, rename, rm, stat } from "node:fs/promises";
import { errorCode } from "../../error-code.ts";

/** Gives the lock back. */
export type Unlock = () => Promise<void>;

interface Held {
  readonly owner: string;
  /** Milliseconds since 1970: after that its owner is taken for dead. */
  readonly until: number;
}

/**
 * Takes the lock at `path` for at most `ms`. Undefined where another has it.
 *
 * @throws where the file can't be written.
 */
export const takeLock = async (
  path: string,
  ms: number,
  epoch: () => number,
): Promise<Unlock | undefined> => {
  const held: Held = { owner: randomUUID(), until: epoch() + ms };
  if (
    !(await create(path, held)) &&
    !((await removeStale(path, ms, epoch())) && (await create(path, held)))
  ) {
    return undefined;
  }
  return async () => {
    if ((await read(path))?.owner === held.owner) await rm(path, { force: true });
  };
};

const create = async (path: string, held: Held): Promise<boolean> => {
  try {
    const file = await open(path, "wx", 0o600);
    try {
      await file.writeFile(JSON.stringify(held));
    } finally {
      await file.close();
    }
    return true;
  } catch (thrown) {
    if (errorCode(thrown) === "EEXIST") return false;
    throw thrown;
  }
};

const read = async (path: string): Promise<Held | undefined> => {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Held;
  } catch {
    return undefined;
  }
};

/** Two may find the same stale lock: one moves it away; the other finds none, or a new one, which it puts back. */
const removeStale = async (path: string, ms: number, now: number): Promise<boolean> => {
  const found = await read(path);
  const until = found?.until ?? (await writtenAt(path)) + ms;
  // A time far ahead was written by a clock that was wrong.
  if (until > now && until <= now + ms * 2) return false;
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return false;
  }
  const moved = await read(aside);
  if (moved?.owner !== found?.owner) {
    await rename(aside, path);
    return false;
  }
  await rm(aside, { force: true });
  return true;
};

/** Of a lock whose owner ended before it had written who it is. */
const writtenAt = async (path: string): Promise<number> => {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return 0;
  }
};
