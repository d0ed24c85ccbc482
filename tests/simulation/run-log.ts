/** What a run has found: violations, and which features it has exercised. */
import type { EventClock } from "./event-clock.ts";

/** What runs must exercise, some of them at least. */
export const FEATURES = [
  "a retry",
  "a retry over the budget",
  "a hedge",
  "a request shed by the cap",
  "an open breaker",
  "a probe",
  "an endpoint found down by checks",
  "an ejection",
  "a panic",
  "a panic by threshold",
  "an endpoint at its limit",
  "a drained endpoint passed over",
  "a set that changed",
  "load at its bound",
  "a key at its endpoint",
  "a key that went elsewhere",
  "a tier that took all",
  "a spill-over",
  "a cookie that was kept",
  "a mirrored request",
  "a fail-over to the spare",
  "a cold server",
  "work that was wasted",
  "shares by weight",
  "a recovery by breaker",
  "a recovery by checks",
  "a recovery by breaker and checks",
  "a recovery from ejection",
  "full load through an outage",
  "full throughput under a cap",
  "full throughput after overload",
] as const;

export type Feature = (typeof FEATURES)[number];

export class RunLog {
  readonly violations: string[] = [];
  /** How often each feature came up. */
  readonly features: Map<Feature, number> = new Map();
  readonly #clock: EventClock;
  readonly #trace: ((line: string) => void) | undefined;

  constructor(clock: EventClock, trace: ((line: string) => void) | undefined) {
    this.#clock = clock;
    this.#trace = trace;
  }

  violated(what: string): void {
    this.violations.push(`${this.#time()} s: ${what}`);
    this.note(`VIOLATION ${what}`);
  }

  exercised(feature: Feature): void {
    this.features.set(feature, (this.features.get(feature) ?? 0) + 1);
  }

  note(line: string): void {
    this.#trace?.(`${this.#time()} s  ${line}`);
  }

  #time(): string {
    return (this.#clock.now() / 1_000).toFixed(3);
  }
}
