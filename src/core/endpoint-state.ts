/** What is known of an endpoint while the process runs, whatever plan names it. */
import type { Endpoint } from "./endpoint.ts";
import type { Tally } from "./thread-share.ts";
import type { Verdict } from "./verdict.ts";

/** Kept outside of plans, by `Endpoint.key`. */
export interface EndpointState {
  readonly key: string;
  /** Attempts whose bodies have not ended. */
  inFlight: number;
  /** Time to the response's head, in milliseconds: an average that remembers its peaks, as of `latencyAt`. */
  latencyMs: number;
  latencyAt: number;
  /** When slow start began, in the clock's milliseconds; -Infinity where the endpoint takes its full share. */
  warmingSince: number;
  /** Undefined where the upstream has none. */
  breaker: EndpointBreaker | undefined;
  /** Undefined where the upstream has no active checks. */
  health: EndpointHealth | undefined;
  /** Attempts of all threads. Undefined where nothing limits them, or there is one thread. */
  tally?: Tally | undefined;
  /** Undefined where the upstream ejects no outliers. */
  ejection: EndpointEjection | undefined;
  /** What an operator has set; undefined where nobody has. */
  byHand: EndpointOverride | undefined;
}

/** Stands above the config, whichever that is, until an operator takes it back. */
export interface EndpointOverride {
  /** No new traffic. */
  readonly isDrained: boolean;
  /** Instead of the configured weight; undefined is that one. */
  readonly weight: number | undefined;
}

/** Decides whether attempts may be made, by how earlier ones ended. */
export interface EndpointBreaker {
  /** Whether `enter` may be called now. MUST have no effect. */
  admits(now: number): boolean;
  /** Begins an attempt that was admitted. @returns what `settle` is called with */
  enter(now: number): number;
  /** Ends it: called exactly once for each `enter`. */
  settle(permit: number, verdict: Verdict, now: number): void;
  /** When it will admit again; undefined where it admits now. */
  closedUntil(now: number): number | undefined;
  /** An active check has passed; `isBack` where the endpoint was down before. May let probes through early. */
  checkPassed(now: number, isBack: boolean): void;
  /** Another endpoint of the upstream works again, after most of them had failed. May let probes through early. */
  siblingRecovered(now: number): void;
}

/** The result of active checks. */
export interface EndpointHealth {
  readonly isUp: boolean;
  /** False before the first result, when `isUp` is false too. @default true */
  readonly wasChecked?: boolean | undefined;
}

/** Whether the endpoint is left out because it fails more often than its siblings. */
export interface EndpointEjection {
  /** In the clock's milliseconds; -Infinity where it was never ejected. */
  readonly until: number;
  count(verdict: Verdict): void;
}

/** An endpoint of a set, with its state. */
export interface Member {
  readonly endpoint: Endpoint;
  readonly state: EndpointState;
  /** Its place in the set. */
  readonly index: number;
}

/** Endpoints that a balancer chooses from. Immutable: a changed set is another object. */
export interface EndpointSet {
  readonly members: readonly Member[];
}
