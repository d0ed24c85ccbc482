/** One process that replaces another on the same sockets. */
import type { BoundAddress } from "./inheritance.ts";

/** A listener of this process. */
export interface NamedListener {
  /** Its place in the config. */
  readonly name: string;
  readonly bound: BoundAddress;
}

export interface SuccessorOptions {
  readonly listeners: readonly NamedListener[];
  /** How long it may take until it is ready. */
  readonly timeoutMs: number;
  /** This process stops: nobody is to take its place any more. */
  readonly signal: AbortSignal;
}
