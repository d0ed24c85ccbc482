/** Endpoints in a file that is watched. */
import type { Cancel, Clock } from "../core/platform.ts";
import { readEndpointList } from "./endpoint-list.ts";
import type { EndpointSource, SourceListener } from "../core/endpoint-source.ts";
import { reasonOf } from "./poller.ts";

/** The port to a runtime's file system. */
export interface WatchedFile {
  readonly path: string;
  read(): Promise<string>;
  /** Calls `changed` after the file may have changed: written, replaced, removed or put back. */
  watch(changed: () => void): Cancel;
}

/** Writers may take several steps: the file is read when it has not changed for this long. */
const SETTLE_MS = 50;
/** A file that could not be read is read again after this time: not every file system reports changes. */
const RETRY_MS = 1_000;

export const fileSource = (file: WatchedFile, clock: Clock): EndpointSource => {
  let unwatch: Cancel | undefined;
  let cancelTimer: Cancel | undefined;
  let isStopped = false;
  /** Counts reads: of two that overlap, only the later one says what the file holds. */
  let reads = 0;
  const readSoon = (ms: number, listener: SourceListener): void => {
    cancelTimer?.();
    cancelTimer = clock.after(ms, () => void report(listener));
  };
  const report = async (listener: SourceListener): Promise<void> => {
    reads += 1;
    const read = reads;
    const isObsolete = (): boolean => isStopped || read !== reads;
    try {
      const endpoints = readEndpointList(await file.read());
      if (!isObsolete()) listener({ kind: "found", endpoints });
    } catch (thrown) {
      if (isObsolete()) return;
      listener({ kind: "failed", reason: reasonOf(thrown) });
      readSoon(RETRY_MS, listener);
    }
  };
  return {
    name: `the file ${file.path}`,
    start(listener) {
      unwatch = file.watch(() => {
        if (!isStopped) readSoon(SETTLE_MS, listener);
      });
      void report(listener);
    },
    stop() {
      isStopped = true;
      unwatch?.();
      cancelTimer?.();
    },
  };
};
