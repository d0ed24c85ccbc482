/** From the wish for a new version of this process to the exit of this one. */
import type { Serving } from "../runtimes/serving.ts";
import type { SuccessorResult } from "../runtimes/succession.ts";
import { EXIT } from "./exit-codes.ts";
import type { Host } from "./host.ts";

/** How long a new process may take until it serves, unless somebody says otherwise. */
export const READY_TIMEOUT_MS = 60_000;

export interface Succession {
  /** Starts another process in place of this one. Without success this one goes on. Never rejects. */
  upgrade(timeoutMs?: number): Promise<SuccessorResult>;
  /** Resolves to the exit code once another process has taken over and this one has finished what was in flight. */
  readonly ended: Promise<number>;
}

/** `serving` is asked for once the first upgrade begins. */
export const succession = (host: Host, serving: () => Serving): Succession => {
  const { promise: ended, resolve: end } = Promise.withResolvers<number>();
  let stage: "serving" | "starting" | "handed over" = "serving";
  const say = (text: string): void => host.stderr.write(`upgrade: ${text}\n`);
  const leave = async (): Promise<void> => {
    host.serviceManager.leave();
    const { cut } = await serving().handOver();
    if (cut > 0) host.stderr.write(`${cut} ${cut === 1 ? "request was" : "requests were"} cut off\n`);
    end(cut > 0 ? EXIT.failed : EXIT.ok);
  };
  return {
    ended,
    async upgrade(timeoutMs = READY_TIMEOUT_MS) {
      if (stage !== "serving") return { ok: false, reason: REFUSALS[stage] };
      stage = "starting";
      say("starting a new process");
      const result = await host.startSuccessor({ listeners: serving().listeners(), timeoutMs });
      if (!result.ok) {
        stage = "serving";
        say(`${result.reason}; this process goes on`);
        return result;
      }
      stage = "handed over";
      say(`process ${result.pid} has taken over; finishing what is in flight`);
      void leave();
      return result;
    },
  };
};

const REFUSALS = {
  starting: "another upgrade is under way",
  "handed over": "another process has taken over already",
} as const;
