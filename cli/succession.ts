/** From the wish for a new version of this process to the exit of this one. */
import type { Serving } from "../runtimes/serving.ts";
import type { UpgradeResult } from "../handlers/server-view.ts";
import { EXIT } from "./exit-codes.ts";
import type { Host } from "./host.ts";

/** How long a new process may take until it serves, unless somebody says otherwise. */
export const READY_TIMEOUT_MS = 60_000;

const STOPPING = "this process is stopping";

export interface Succession {
  /** Starts another process in place of this one. Without success this one goes on. Never rejects. */
  upgrade(timeoutMs?: number): Promise<UpgradeResult>;
  /** What this process serves; upgrades are refused before. */
  begin(serving: Serving): void;
  /** This process stops: a successor that has not taken over yet is ended too, and further upgrades are refused. */
  stop(): void;
  /** Resolves to the exit code once another process has taken over and this one has finished what was in flight. */
  readonly ended: Promise<number>;
}

export const succession = (host: Host): Succession => {
  const { promise: ended, resolve: end } = Promise.withResolvers<number>();
  const stopping = new AbortController();
  let serving: Serving | undefined;
  let refusal: string | undefined = "this process has not started yet";
  const say = (text: string): void => host.stderr.write(`upgrade: ${text}\n`);
  const startSuccessor = async (own: Serving, timeoutMs: number): Promise<UpgradeResult> => {
    try {
      return await host.startSuccessor({
        listeners: await own.listeners(),
        timeoutMs,
        signal: stopping.signal,
      });
    } catch (error) {
      // A thread may be lost just while it is asked what it listens on.
      return { ok: false, reason: error instanceof Error ? error.message : String(error) };
    }
  };
  const leave = async (own: Serving): Promise<void> => {
    host.serviceManager.leave();
    const { cut } = await own.handOver();
    if (cut > 0) host.stderr.write(`${cut} ${cut === 1 ? "request was" : "requests were"} cut off\n`);
    end(cut > 0 ? EXIT.failed : EXIT.ok);
  };
  return {
    ended,
    begin(started) {
      serving = started;
      refusal = undefined;
    },
    stop() {
      refusal ??= STOPPING;
      stopping.abort();
    },
    async upgrade(timeoutMs = READY_TIMEOUT_MS) {
      if (serving === undefined || refusal !== undefined) return { ok: false, reason: refusal ?? "" };
      refusal = "another upgrade is under way";
      say("starting a new process");
      const result = await startSuccessor(serving, timeoutMs);
      if (result.ok) {
        refusal = "another process has taken over already";
        say(`process ${result.pid} has taken over; finishing what is in flight`);
        void leave(serving);
      } else {
        refusal = stopping.signal.aborted ? STOPPING : undefined;
        say(`${result.reason}; this process goes on`);
      }
      return result;
    },
  };
};
