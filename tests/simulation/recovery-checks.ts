/** Whether endpoints, and the whole upstream, are back within the documented time after an outage. */
import type { Endpoint } from "../../src/core/endpoint.ts";
import type { UpstreamEvent } from "../../src/core/telemetry.ts";
import { LAST_SWEEP_MS, OVERLOAD_MS, ejectionMs, recoveryMs } from "./documented-times.ts";
import { FAULTS_FROM } from "./fault-plans.ts";
import type { SetView } from "./ledger.ts";
import type { Feature, RunLog } from "./run-log.ts";
import { type PolicyName, SLOW_START_MS, type Scenario } from "./scenario.ts";

/** An endpoint without an outage may be left out for so long at the start, until its first check. */
const FIRST_CHECK_MS = 2_000;
/** Share of requests that must succeed where queues and caps refuse bursts in good times too. */
const NEARLY_ALL = 0.98;
/** Policies that send traffic to every endpoint that may be tried. */
const SPREADING: ReadonlySet<PolicyName> = new Set([
  "two choices",
  "round robin",
  "random",
  "least in flight",
]);

interface Outage {
  readonly from: number;
  /** When its last fault ends. */
  readonly until: number;
  /** When the last attempt ended that began before. */
  overAt: number;
  joinedAt: number;
  ejections: number;
  ejectedUntil: number;
  hasReported: boolean;
  /** What excluded it. */
  foundBy: "breaker" | "checks" | undefined;
}

export class RecoveryChecks {
  readonly #scenario: Scenario;
  readonly #log: RunLog;
  readonly #outages: ReadonlyMap<string, Outage>;
  readonly #latency = { before: new Mean(), after: new Mean() };
  #requests = 0;
  #failures = 0;
  #during = 0;

  constructor(scenario: Scenario, origins: readonly string[], log: RunLog) {
    this.#scenario = scenario;
    this.#log = log;
    this.#outages = new Map(origins.map((origin, server) => [origin, outageOf(scenario, server)]));
  }

  joined({ origin }: Endpoint, now: number): void {
    const outage = this.#outages.get(origin);
    if (outage !== undefined) outage.joinedAt = now;
  }

  attemptEnded({ origin }: Endpoint, startedAt: number, now: number): void {
    for (const [each, outage] of this.#outages) {
      // Where the servers are busy, the failure of some is the overload of others.
      if (startedAt < outage.until && (each === origin || this.#scenario.kind === "tight"))
        outage.overAt = Math.max(outage.overAt, now);
    }
  }

  happened(event: UpstreamEvent, now: number): void {
    if (!("endpoint" in event) || event.endpoint === undefined) return;
    const outage = this.#outages.get(event.endpoint);
    if (outage === undefined) return;
    if (event.kind === "breaker" && event.to === "open") outage.foundBy ??= "breaker";
    if (event.kind === "health" && event.change === "down") outage.foundBy = "checks";
    if (event.kind !== "ejected") return;
    outage.ejections += 1;
    if (event.forMs > ejectionMs(outage.ejections))
      this.#log.violated(
        `${event.endpoint} was ejected for ${event.forMs} ms, ${outage.ejections} times in all`,
      );
    const overAt = this.#scenario.kind === "tight" ? this.#deadlineOf(outage) : outage.overAt;
    if (now > overAt + LAST_SWEEP_MS + 1_000)
      this.#log.violated(`${event.endpoint} was ejected long after its outage`);
    outage.ejectedUntil = now + ejectionMs(outage.ejections);
  }

  /** At each pick: nobody is left out for longer than documented. */
  seen({ members, now }: SetView): void {
    const { recoveredAt, balance, isSticky } = this.#scenario;
    const isSpread = SPREADING.has(balance) && !isSticky;
    for (const { member, objection, isWarm } of members) {
      const { origin } = member.endpoint;
      const outage = this.#outages.get(origin);
      if (outage === undefined || outage.hasReported) continue;
      const isOut = objection === "open" || objection === "doubted";
      if (isOut && now > this.#deadlineOf(outage)) {
        outage.hasReported = true;
        const since = ((now - outage.overAt) / 1_000).toFixed(1);
        this.#log.violated(`${origin} is left out (${objection}) ${since} s after its outage`);
      }
      const warmAt = Math.max(recoveredAt, outage.ejectedUntil + SLOW_START_MS);
      if (now < warmAt || isWarm || !isSpread || outage.joinedAt > 0) continue;
      outage.hasReported = true;
      this.#log.violated(`${origin} is still in slow start`);
    }
  }

  requestEnded(startedAt: number, tookMs: number, hasFailed: boolean): void {
    const { recoveredAt, faultsEnd, faults } = this.#scenario;
    if (startedAt < Math.min(FAULTS_FROM, ...faults.map(({ from }) => from)) && !hasFailed)
      this.#latency.before.add(tookMs);
    if (startedAt >= FAULTS_FROM && startedAt < faultsEnd) this.#during += 1;
    if (startedAt < recoveredAt) return;
    this.#requests += 1;
    if (hasFailed) this.#failures += 1;
    else this.#latency.after.add(tookMs);
  }

  finish(view: SetView): void {
    this.seen(view);
    const { policy, kind } = this.#scenario;
    for (const { member, objection } of view.members) {
      const { origin } = member.endpoint;
      if (objection !== undefined && objection !== "drained")
        this.#log.violated(`${origin} is still left out at the end (${objection})`);
      const outage = this.#outages.get(origin);
      if (outage === undefined) continue;
      if (outage.ejections > 0) this.#log.exercised("a recovery from ejection");
      const recovery = this.#kindOf(outage);
      if (recovery !== undefined) this.#log.exercised(recovery);
    }
    this.#checkThroughput();
    if (kind === "calm") return;
    const { faultsEnd, rate } = this.#scenario;
    if (this.#during > 0.8 * rate * ((faultsEnd - FAULTS_FROM) / 1_000))
      this.#log.exercised("full load through an outage");
    if (policy.concurrency !== undefined) this.#log.exercised("full throughput under a cap");
    if (kind === "tight") this.#log.exercised("full throughput after overload");
  }

  #kindOf({ foundBy }: Outage): Feature | undefined {
    const { health, breaker } = this.#scenario.policy;
    if (foundBy === undefined) return undefined;
    if (health === undefined) return "a recovery by breaker";
    return breaker === undefined ? "a recovery by checks" : "a recovery by breaker and checks";
  }

  #deadlineOf({ from, overAt, joinedAt, ejectedUntil }: Outage): number {
    if (overAt === Number.NEGATIVE_INFINITY) return Math.max(FIRST_CHECK_MS, ejectedUntil);
    const { kind, policy } = this.#scenario;
    const wellAt = Math.max(overAt, joinedAt) + recoveryMs(policy, overAt - from);
    return Math.max(kind === "tight" ? wellAt + OVERLOAD_MS : wellAt, ejectedUntil);
  }

  /** Everything is served, and as fast as before. */
  #checkThroughput(): void {
    const { concurrency, maxInFlight } = this.#scenario.policy;
    const isBursty =
      this.#scenario.kind === "tight" || typeof concurrency?.limit === "object" || maxInFlight !== undefined;
    const most = isBursty ? (1 - NEARLY_ALL) * this.#requests : 0;
    if (this.#failures > most)
      this.#log.violated(`${this.#failures} of ${this.#requests} requests failed after the recovery`);
    const { before, after } = this.#latency;
    if (before.count > 20 && after.mean > 2 * before.mean + 20)
      this.#log.violated(
        `requests take ${after.mean.toFixed(0)} ms after the recovery, and took ${before.mean.toFixed(0)} ms before`,
      );
  }
}

class Mean {
  count = 0;
  #sum = 0;

  add(value: number): void {
    this.count += 1;
    this.#sum += value;
  }
  get mean(): number {
    return this.count === 0 ? 0 : this.#sum / this.count;
  }
}

const outageOf = ({ faults, kind }: Scenario, server: number): Outage => {
  const own = kind === "tight" ? faults : faults.filter((fault) => fault.server === server);
  const until = Math.max(Number.NEGATIVE_INFINITY, ...own.map((fault) => fault.until));
  return {
    from: Math.min(Number.POSITIVE_INFINITY, ...own.map((fault) => fault.from)),
    until,
    overAt: until,
    joinedAt: 0,
    ejections: 0,
    ejectedUntil: Number.NEGATIVE_INFINITY,
    hasReported: false,
    foundBy: undefined,
  };
};
