/** CPU profiles by the inspector, which Node, Deno and Bun all have. */
import type { Session } from "node:inspector";
import { DiagnosticsError } from "../../../src/core/diagnostics.ts";
import { pause } from "./pause.ts";

/** Time between two samples. */
const SAMPLING_INTERVAL_US = 1_000;

/** Methods of the inspector's `Profiler` that are used here. */
type Method = "Profiler.enable" | "Profiler.setSamplingInterval" | "Profiler.start" | "Profiler.stop";

/**
 * The text of a `.cpuprofile` file of this thread, sampled each millisecond for `ms` milliseconds. Rejects with the signal's
 * reason when that aborts.
 */
export const cpuProfile = async (ms: number, signal: AbortSignal): Promise<string> => {
  const session = await openSession();
  const post = (method: Method, parameters: object = {}): Promise<unknown> =>
    new Promise((resolve, reject) =>
      session.post(method, parameters, (error: Error | null, result: unknown) =>
        error === null ? resolve(result) : reject(error),
      ),
    );
  try {
    await post("Profiler.enable");
    await post("Profiler.setSamplingInterval", { interval: SAMPLING_INTERVAL_US });
    await post("Profiler.start");
    try {
      await pause(ms, signal);
    } catch (reason) {
      await post("Profiler.stop");
      throw reason;
    }
    const { profile } = (await post("Profiler.stop")) as { readonly profile: unknown };
    return JSON.stringify(profile);
  } finally {
    session.disconnect();
  }
};

/** A build of Node may be without the inspector. */
const openSession = async (): Promise<Session> => {
  try {
    const inspector = await import("node:inspector");
    const session = new inspector.Session();
    session.connect();
    return session;
  } catch (cause) {
    throw new DiagnosticsError("unsupported", "this build of the runtime has no inspector", { cause });
  }
};
