/** Why a thread ended by itself. */
import { errorCode } from "../../error-code.ts";

/** A failure that nobody caught, `process.exit`, no memory left, or code that does not return. Plain data. */
export interface ThreadLoss {
  readonly kind: "error" | "exit" | "out-of-memory" | "unresponsive";
  /** For operators. */
  readonly detail: string;
}

export const OUT_OF_MEMORY: ThreadLoss = Object.freeze({
  kind: "out-of-memory",
  detail: "it ran out of memory",
});

/** @param ms how long it was waited for */
export const silentFor = (ms: number): ThreadLoss => ({
  kind: "unresponsive",
  detail: `it did not answer for ${ms / 1_000} s, so its code does not return`,
});

export const exited = (code: number): ThreadLoss => ({
  kind: "exit",
  detail: `process.exit(${code}) was called in it`,
});

/** @param error that the thread ended with */
export const lossBy = (error: unknown): ThreadLoss => {
  if (errorCode(error) === "ERR_WORKER_OUT_OF_MEMORY") return OUT_OF_MEMORY;
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { kind: "error", detail: `nobody caught ${text}` };
};
