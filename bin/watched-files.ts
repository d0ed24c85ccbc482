/** Looks at files until they change. */
import type { Host } from "../cli/host.ts";
import { fileStamp } from "../runtimes/engine/file-stamp.ts";

const LOOK_MS = 1_000;

const GONE = "";

/** A file that was changed after it was read is known as it was before. */
const knownAs = (stamp: string, readAt: number): string =>
  Number.parseFloat(stamp) >= readAt ? GONE : stamp;

/**
 * Looks once a second: file events get lost where files are links that are exchanged (Kubernetes) or on network drives. A
 * change counts when the next look finds the same, so that files that belong together are all written.
 */
export const whenChanged: Host["whenChanged"] = (watched, listener) => {
  const known = new Map<string, string>();
  let last = "";
  let isLooking = false;
  const look = async (): Promise<void> => {
    const { files, readAt } = watched();
    const stamps = await Promise.all(files.map(async (file) => [file, await fileStamp(file)] as const));
    for (const [file, stamp] of stamps) if (!known.has(file)) known.set(file, knownAs(stamp, readAt));
    const changed = stamps.filter(([file, stamp]) => known.get(file) !== stamp);
    const text = JSON.stringify(changed);
    if (changed.length > 0 && text === last) {
      for (const [file, stamp] of changed) known.set(file, stamp);
      listener();
    }
    last = text;
  };
  const lookUnlessLooking = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    await look().finally(() => {
      isLooking = false;
    });
  };
  void lookUnlessLooking();
  const timer = setInterval(() => void lookUnlessLooking(), LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
};
