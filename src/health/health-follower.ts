/** Health of an upstream's endpoints, as another thread checks it. */
import type { CheckResult, SharedChecks } from "../core/checks.ts";
import type { Member } from "../core/endpoint-state.ts";
import type { Cancel, Clock } from "../core/platform.ts";
import { recordOf } from "./health-checker.ts";

export interface HealthFollowerParts {
  readonly upstream: string;
  readonly clock: Clock;
  readonly follow: NonNullable<SharedChecks["follow"]>;
  /** The upstream's endpoints of the moment. */
  readonly membersOf: () => readonly Member[];
}

/** Stands where a `HealthChecker` would, and does to endpoints what that does. Reports nothing: the thread that checks does. */
export class HealthFollower {
  readonly #parts: HealthFollowerParts;
  /** By the endpoint's key. */
  readonly #last: Map<string, CheckResult> = new Map();
  #stop: Cancel | undefined;

  constructor(parts: HealthFollowerParts) {
    this.#parts = parts;
  }

  start(): void {
    const { follow, upstream } = this.#parts;
    this.#stop ??= follow(upstream, (result) => this.#take(result));
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** The upstream has other endpoints: what is known of new ones counts. */
  changed(): void {
    const members = this.#parts.membersOf();
    const known = new Set(members.map(({ endpoint }) => endpoint.key));
    for (const key of this.#last.keys()) if (!known.has(key)) this.#last.delete(key);
    for (const member of members) {
      const result = this.#last.get(member.endpoint.key);
      if (result !== undefined && !recordOf(member).wasChecked) recordOf(member).follow(result);
    }
  }

  #take(result: CheckResult): void {
    const { membersOf, clock } = this.#parts;
    this.#last.set(result.key, result);
    const member = membersOf().find(({ endpoint }) => endpoint.key === result.key);
    if (member === undefined) return;
    const now = clock.now();
    recordOf(member).follow(result);
    if (result.change === "up") member.state.warmingSince = now;
    if (result.passed) member.state.breaker?.checkPassed(now, result.change === "up");
  }
}
