/** A look into the thread of a Node, Deno or Bun process. */
import process from "node:process";
import { type Diagnostics, DiagnosticsError } from "../../../src/core/diagnostics.ts";

/** Each part is imported when it is asked for. */
export const engineDiagnostics = (): Diagnostics => {
  const slot = new Slot();
  return {
    cpuProfile: (ms, signal) =>
      slot.hold("a CPU profile", async () => (await import("./cpu-profile.ts")).cpuProfile(ms, signal)),
    heapSnapshot: () =>
      slot.hold("a heap snapshot", async () => (await import("./heap-snapshot.ts")).heapSnapshot()),
    loopDelay: (ms, signal) =>
      slot.hold("a measurement of the event loop", async () =>
        (await import("./loop-delay.ts")).loopDelay(ms, signal),
      ),
    activeResources: () => {
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
