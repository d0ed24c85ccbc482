/** Active health checks: asks the endpoints of an upstream how they are. */
import type { Endpoint } from "../core/endpoint.ts";
import type { Member } from "../core/endpoint-state.ts";
import { jittered } from "../core/jitter.ts";
import type { Cancel, Clock, Random } from "../core/platform.ts";
import type { Probe } from "../core/probe.ts";
import { type HealthChange, HealthRecord, type HealthThresholds } from "./health-record.ts";
import { MOST_PROBES, type ProbeSlots } from "./probe-slots.ts";

export interface HealthCheckOptions extends HealthThresholds {
  /** @default 10000 */
  readonly intervalMs: number;
  /** While an endpoint is down or changing. @default 2000 */
  readonly fastIntervalMs: number;
  /** @default 2000 */
  readonly timeoutMs: number;
}

export const HEALTH_CHECK_DEFAULTS: HealthCheckOptions = Object.freeze({
  intervalMs: 10_000,
  fastIntervalMs: 2_000,
  timeoutMs: 2_000,
  failures: 3,
  successes: 2,
});

/** Spreads the checks of different endpoints, and of different proxies, over time. */
const JITTER = 0.1;
/** A check that is this much over its time limit counts as lost: on Workers it ends with the request that ran it. */
const LOST_AFTER_MS = 60_000;

export interface HealthEvent {
  readonly endpoint: Endpoint;
  readonly change: HealthChange;
  readonly detail: string;
}

export interface HealthCheckerParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly probe: Probe;
  readonly options: HealthCheckOptions;
  /** Shared by all checkers. */
  readonly slots: ProbeSlots;
  /** The upstream's endpoints of the moment, each with a `HealthRecord`. */
  readonly membersOf: () => readonly Member[];
  readonly onChange?: ((event: HealthEvent) => void) | undefined;
  /** Called with each result, after it has taken effect. */
  readonly onResult?: ((member: Member, result: HealthResult) => void) | undefined;
}

export interface HealthResult {
  readonly passed: boolean;
  readonly change: HealthChange | undefined;
  readonly isUp: boolean;
  readonly detail: string;
}

/**
 * Where timers outlive requests, `start` keeps checks going. Elsewhere (Workers) `runDue` is called by a cron trigger or after
 * requests; the records are the same.
 *
 * An endpoint that comes back starts slowly, and its breaker lets probes through early.
 */
export class HealthChecker {
  readonly #parts: HealthCheckerParts;
  /** Checks of this checker that have not ended. */
  readonly #running: Map<HealthRecord, Promise<void>> = new Map();
  #isRunning = false;
  #cancelTimer: Cancel | undefined;

  constructor(parts: HealthCheckerParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#isRunning = true;
    this.#tick();
  }

  stop(): void {
    this.#isRunning = false;
    this.#cancelTimer?.();
  }

  /** The upstream has other endpoints: new ones are checked at once. */
  changed(): void {
    if (this.#isRunning) this.#tick();
  }

  /**
   * Runs the checks that are due. Resolves when they have ended; where `slots` has `drain`, without waiting for those that an earlier
   * call runs.
   */
  async runDue(): Promise<void> {
    const { slots, membersOf, clock } = this.#parts;
    if (slots.drain !== undefined) return slots.drain(this.#checkNext);
    const now = clock.now();
    const due = membersOf().filter((member) => this.#isDue(member, now));
    await Promise.all(due.map((member) => this.#check(member, recordOf(member))));
  }

  /** Runs the check that has been due for longest. */
  readonly #checkNext = (): Promise<void> | undefined => {
    const now = this.#parts.clock.now();
    let next: Member | undefined;
    for (const member of this.#parts.membersOf()) {
      if (!this.#isDue(member, now)) continue;
      if (next === undefined || recordOf(member).dueAt < recordOf(next).dueAt) next = member;
    }
    return next && this.#check(next, recordOf(next));
  };

  #isDue(member: Member, now: number): boolean {
    const record = recordOf(member);
    return !this.#isBusy(record, now) && member.endpoint.weight > 0 && record.dueAt <= now;
  }

  /**
   * Checks the endpoints that `isWanted` picks, due or not, those of weight 0 too. One that is being checked already is not asked
   * twice. Resolves when the results are in their records.
   */
  async checkNow(isWanted: (member: Member) => boolean): Promise<void> {
    const wanted = this.#parts.membersOf().filter(isWanted).values();
    const lane = async (): Promise<void> => {
      for (const member of wanted)
        await (this.#running.get(recordOf(member)) ?? this.#check(member, recordOf(member)));
    };
    await Promise.all(Array.from({ length: MOST_PROBES }, lane));
  }

  #tick(): void {
    this.#cancelTimer?.();
    // Each check schedules the next tick when it ends; failures of checks are results.
    void this.runDue();
    this.#schedule();
  }

  #schedule(): void {
    const { clock, membersOf, options } = this.#parts;
    if (!this.#isRunning) return;
    this.#cancelTimer?.();
    const now = clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const member of membersOf()) {
      if (member.endpoint.weight === 0) continue;
      const record = recordOf(member);
      // The check that runs may be that of another plan's checker, which schedules nothing here.
      next = Math.min(next, this.#isBusy(record, now) ? now + options.fastIntervalMs : record.dueAt);
    }
    if (next === Number.POSITIVE_INFINITY) return;
    this.#cancelTimer = clock.after(Math.max(0, next - now), () => this.#tick());
  }

  #check(member: Member, record: HealthRecord): Promise<void> {
    const running = this.#probe(member, record).finally(() => this.#running.delete(record));
    this.#running.set(record, running);
    return running;
  }

  async #probe(member: Member, record: HealthRecord): Promise<void> {
    const { clock, probe, options, slots, onResult } = this.#parts;
    record.isWaiting = true;
    const { passed, detail } = await slots.run(() => {
      record.isWaiting = false;
      record.checkingSince = clock.now();
      // If this check is lost, all that are due already are run before the next one of this endpoint.
      record.dueAt = clock.now();
      return probe(member.endpoint, options.timeoutMs);
    });
    record.checkingSince = undefined;
    record.lastResult = detail;
    const change = record.report(passed, options);
    if (passed) member.state.breaker?.checkPassed(clock.now(), change === "up");
    record.dueAt = clock.now() + this.#interval(record);
    if (change !== undefined) this.#apply(member, change, detail);
    onResult?.(member, { passed, change, isUp: record.isUp, detail });
    this.#schedule();
  }

  /** A check that waits for a slot stays in the queue, however long: a second one would only lengthen it. */
  #isBusy({ isWaiting, checkingSince }: HealthRecord, now: number): boolean {
    if (isWaiting) return true;
    return checkingSince !== undefined && now - checkingSince < this.#parts.options.timeoutMs + LOST_AFTER_MS;
  }

  #interval({ isUnsettled }: HealthRecord): number {
    const { options, random } = this.#parts;
    const ms = isUnsettled ? options.fastIntervalMs : options.intervalMs;
    return jittered(ms, JITTER, random);
  }

  #apply({ endpoint, state }: Member, change: HealthChange, detail: string): void {
    const { clock, onChange } = this.#parts;
    if (change === "up") state.warmingSince = clock.now();
    onChange?.({ endpoint, change, detail });
  }
}

/** The record in an endpoint's state, which outlives plans. */
export const recordOf = ({ state }: Member): HealthRecord => {
  if (state.health instanceof HealthRecord) return state.health;
  const record = new HealthRecord();
  state.health = record;
  return record;
};
