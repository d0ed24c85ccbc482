/** What must hold for each pick: the endpoint may be tried, and is one that the policy may choose. */
import type { Exchange } from "../../src/core/exchange.ts";
import { boundOf } from "../../src/balance/consistent-hash.ts";
import type { Entry, MemberView, SetView } from "./ledger.ts";
import type { RunLog } from "./run-log.ts";
import { LOAD_BOUND, type Scenario } from "./scenario.ts";

/** As long as a count of healthy endpoints may be old. */
export const CENSUS_MS = 100;

export class PickChecks {
  readonly #scenario: Scenario;
  readonly #log: RunLog;
  #countedAt = Number.NEGATIVE_INFINITY;
  #isBelowThreshold = false;

  constructor(scenario: Scenario, log: RunLog) {
    this.#scenario = scenario;
    this.#log = log;
  }

  /** @param entry of the attempt that was made. */
  picked(picked: MemberView, exchange: Exchange, view: SetView, entry: Entry): void {
    const { endpoint } = picked.member;
    const candidates = this.#candidates(exchange, view);
    if (!candidates.includes(picked)) {
      const why = picked.objection ?? "tried";
      this.#log.violated(
        `${why} endpoint ${endpoint.origin} was picked, one of ${candidates.length} others was due`,
      );
    }
    if (entry.probes > 3) this.#log.violated(`${entry.probes} probes at once at ${endpoint.origin}`);
    if (entry.probes > 0) this.#log.exercised("a probe");
    for (const { objection } of view.members) {
      if (objection === "at-limit") this.#log.exercised("an endpoint at its limit");
      if (objection === "drained") this.#log.exercised("a drained endpoint passed over");
    }
    if (this.#scenario.balance === "bounded ring") this.#checkBound(picked, candidates, view);
  }

  refused(exchange: Exchange, view: SetView): void {
    const [candidate] = this.#candidates(exchange, view);
    if (candidate !== undefined)
      this.#log.violated(`${candidate.member.endpoint.origin} was left, and the request was refused`);
  }

  /** Those that may be picked: untried ones first, and doubted ones only where there is no other. */
  #candidates({ trail }: Exchange, view: SetView): readonly MemberView[] {
    const isPanicking = this.#isPanicking(view);
    const tried = new Set([trail.endpoint, ...(trail.earlier ?? [])].map((endpoint) => endpoint?.key));
    const usable = view.members.filter(({ objection }) => objection === undefined || objection === "doubted");
    const trusted = isPanicking ? usable : usable.filter(({ objection }) => objection === undefined);
    for (const group of [trusted, usable]) {
      const untried = group.filter(({ member }) => !tried.has(member.endpoint.key));
      if (untried.length > 0) return untried;
      if (group.length > 0) return group;
    }
    return [];
  }

  /** Whether less than the threshold are healthy. */
  #isPanicking({ members, now }: SetView): boolean {
    const { panicThreshold = 0 } = this.#scenario.policy;
    if (panicThreshold === 0) return false;
    if (now - this.#countedAt >= CENSUS_MS) {
      this.#countedAt = now;
      const all = members.filter(({ member }) => member.endpoint.weight > 0);
      const healthy = all.filter(({ member: { state } }) => {
        return state.health?.isUp !== false && (state.ejection?.until ?? 0) <= now;
      });
      this.#isBelowThreshold = healthy.length < all.length * panicThreshold;
    }
    if (this.#isBelowThreshold) this.#log.exercised("a panic by threshold");
    return this.#isBelowThreshold;
  }

  /** The bound refers to all endpoints; where the candidates that are warm can't hold the load, to the candidates alone. */
  #checkBound(picked: MemberView, candidates: readonly MemberView[], view: SetView): void {
    const { inFlight } = view;
    const boundOver = (members: readonly MemberView[], { member: { endpoint } }: MemberView): number =>
      boundOf({ bound: LOAD_BOUND, inFlight, weight: endpoint.weight, totalWeight: weightOf(members) });
    const hasRoom = candidates.some((each) => each.isWarm && each.load < boundOver(view.members, each));
    const most = boundOver(hasRoom ? view.members : candidates, picked);
    const load = picked.load + 1;
    if (load > most) this.#log.violated(`load ${load} over the bound ${most}`);
    if (load === most) this.#log.exercised("load at its bound");
  }
}

const weightOf = (members: readonly MemberView[]): number =>
  members.reduce((sum, { member }) => sum + member.endpoint.weight, 0);
