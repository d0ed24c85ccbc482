/** A look into a thread of a Node, Deno or Bun process. */
import process from "node:process";
import { type Diagnostics, DiagnosticsError, type FindDiagnostics } from "../../../src/core/diagnostics.ts";

/** For a process of one thread. */
export const engineDiagnostics = (): FindDiagnostics => {
  const own = ownDiagnostics();
  return (thread = 0) => (thread === 0 ? own : undefined);
};

export interface OwnDiagnostics extends Diagnostics {
  /** The path of a file with the heap; it is for `readHeap`, which another thread may call. */
  writeHeap(): Promise<string>;
}

/** Looks into the thread that this is. Each part is imported when it is asked for. */
export const ownDiagnostics = (): OwnDiagnostics => {
  const slot = new Slot();
  const writeHeap = (): Promise<string> =>
    slot.hold("a heap snapshot", async () => (await import("./heap-snapshot.ts")).writeHeap());
  return {
    cpuProfile: (ms, signal) =>
      slot.hold("a CPU profile", async () => (await import("./cpu-profile.ts")).cpuProfile(ms, signal)),
    writeHeap,
    heapSnapshot: async () => (await import("./heap-snapshot.ts")).readHeap(await writeHeap()),
    loopDelay: (ms, signal) =>
      slot.hold("a measurement of the event loop", async () =>
        (await import("./loop-delay.ts")).loopDelay(ms, signal),
      ),
    activeResources: async () => {
      const counts: Record<string, number> = {};
      for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
      return counts;
    },
  };
};

/** One at a time: each spoils what another one measures. */
class Slot {
  #holder: string | undefined;

  async hold<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    if (this.#holder !== undefined) {
      throw new DiagnosticsError("busy", `${this.#holder} is being taken; try again when it is done`);
    }
    this.#holder = name;
    try {
      return await work();
    } finally {
      this.#holder = undefined;
    }
  }
}
