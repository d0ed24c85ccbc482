/** A file that is watched (`node:fs`). */
import { type FSWatcher, promises, watch } from "node:fs";
import { basename, dirname } from "node:path";
import type { Clock } from "../../../src/core/platform.ts";
import type { WatchedFile } from "../../../src/discovery/file-source.ts";
import { fileStamp } from "../file-stamp.ts";

/** Where changes are not reported (network file systems, some containers), the file is looked at this often. */
const POLL_MS = 5_000;

/**
 * Watches the file's folder, because a file that is replaced by renaming is another file; and looks at its time and size now and
 * then. Kubernetes replaces a folder above the file (`..data`): any change in the folder counts.
 */
export const watchedFile = (path: string, clock: Clock): WatchedFile => ({
  path,
  read: () => promises.readFile(path, "utf8"),
  watch(changed) {
    const watcher = watchFolder(dirname(path), basename(path), changed);
    const polling = poll(path, clock, changed);
    return () => {
      watcher?.close();
      polling.stop();
    };
  },
});

const watchFolder = (folder: string, name: string, changed: () => void): FSWatcher | undefined => {
  try {
    const watcher = watch(folder, { persistent: false }, (_, file) => {
      if (file === null || file === name || file.startsWith("..")) changed();
    });
    // The folder may go away. Polling goes on.
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    // No folder yet, or no watching here. Polling will do.
    return undefined;
  }
};

const poll = (path: string, clock: Clock, changed: () => void): { stop(): void } => {
  let known: string | undefined;
  let isStopped = false;
  let cancel = (): void => {};
  const look = async (): Promise<void> => {
    const found = await fileStamp(path);
    if (isStopped) return;
    if (known !== undefined && found !== known) changed();
    known = found;
    cancel = clock.after(POLL_MS, () => void look());
  };
  void look();
  return {
    stop() {
      isStopped = true;
      cancel();
    },
  };
};
