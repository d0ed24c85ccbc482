/** Whether requests go where they belong: to their key's endpoint, their tier, or the endpoint of their cookie. */
import type { Exchange } from "../../src/core/exchange.ts";
import { boundOf } from "../../src/balance/consistent-hash.ts";
import type { MemberView, SetView } from "./ledger.ts";
import { CENSUS_MS } from "./pick-checks.ts";
import type { RunLog } from "./run-log.ts";
import { LOAD_BOUND, type PolicyName, type Scenario } from "./scenario.ts";

const HASHED: ReadonlySet<PolicyName> = new Set(["ring", "bounded ring", "maglev", "rendezvous"]);
/** A tier takes everything while so much of its weight may be tried. */
const ENOUGH = 1 / 1.4;

/** Name of the region whose clients ask for `path`. */
export const regionOf = (path: string): string => (path.endsWith("0") ? "US" : "EU");

export class AffinityChecks {
  readonly #scenario: Scenario;
  readonly #log: RunLog;
  /** Origin by key, learnt while every endpoint may be picked. */
  readonly #homes: Map<string, string> = new Map();
  /** Since when each tier has had enough endpoints. */
  readonly #enoughSince: Map<string, number> = new Map();

  constructor(scenario: Scenario, log: RunLog) {
    this.#scenario = scenario;
    this.#log = log;
  }

  /** @param owner the origin that its cookie names. */
  picked(picked: MemberView, exchange: Exchange, view: SetView, owner: string | undefined): void {
    // A retry may have to leave its key's endpoint, its tier or the endpoint of its cookie.
    if (exchange.trail.endpoint !== undefined) return;
    if (owner !== undefined) this.#checkCookie(picked, view, owner);
    if (HASHED.has(this.#scenario.balance)) this.#checkKey(picked, exchange.path, view);
    else this.#checkTier(picked, exchange, view);
  }

  #checkCookie(picked: MemberView, { members }: SetView, owner: string): void {
    const bound = members.find(({ member }) => member.endpoint.origin === owner);
    if (bound === undefined || bound.objection !== undefined) return;
    this.#log.exercised("a cookie that was kept");
    if (picked !== bound) this.#log.violated(`a cookie for ${owner} led to ${originOf(picked)}`);
  }

  /** Keys of other endpoints stay where they are, whoever fails, joins or leaves. */
  #checkKey(picked: MemberView, key: string, view: SetView): void {
    const { balance, servers } = this.#scenario;
    const isWhole =
      view.members.length === servers.length &&
      servers.every(({ weight }, i) => weight === view.members[i]?.member.endpoint.weight);
    const origin = this.#homes.get(key);
    if (origin === undefined) {
      const isCalm = view.members.every(
        (each) => (each.objection ?? "drained") === "drained" && each.isWarm && this.#hasRoom(each, view),
      );
      if (isWhole && isCalm) this.#homes.set(key, originOf(picked));
      return;
    }
    // A change shifts other keys in Maglev's table too.
    if (balance === "maglev" && !isWhole) return;
    const home = view.members.find(({ member }) => member.endpoint.origin === origin);
    if (home?.objection !== undefined || home?.isWarm !== true || !this.#hasRoom(home, view)) {
      this.#log.exercised("a key that went elsewhere");
      return;
    }
    this.#log.exercised("a key at its endpoint");
    if (picked !== home) this.#log.violated(`key ${key} of ${origin} went to ${originOf(picked)}`);
  }

  #hasRoom({ load, member }: MemberView, { inFlight, members }: SetView): boolean {
    if (this.#scenario.balance !== "bounded ring") return true;
    const totalWeight = members.reduce((sum, each) => sum + each.member.endpoint.weight, 0);
    const { weight } = member.endpoint;
    return weight === 0 || load < boundOf({ bound: LOAD_BOUND, inFlight, weight, totalWeight });
  }

  #checkTier(picked: MemberView, exchange: Exchange, { members, now }: SetView): void {
    const tierOf = this.#tierOf();
    if (tierOf === undefined) return;
    const weights = new Map<string, { all: number; usable: number }>();
    for (const each of members) {
      const tier = tierOf(each);
      const sum = weights.get(tier) ?? { all: 0, usable: 0 };
      weights.set(tier, sum);
      sum.all += each.member.endpoint.weight;
      if (each.objection === undefined) sum.usable += each.member.endpoint.weight;
    }
    for (const tier of this.#enoughSince.keys()) if (!weights.has(tier)) this.#enoughSince.delete(tier);
    for (const [tier, { all, usable }] of weights) {
      const isEnough = usable > 0 && usable >= ENOUGH * all;
      if (!isEnough) this.#enoughSince.delete(tier);
      else if (!this.#enoughSince.has(tier)) this.#enoughSince.set(tier, now);
    }
    const first = this.#scenario.balance === "region" ? regionOf(exchange.path) : FIRST;
    const since = this.#enoughSince.get(first) ?? now;
    if (now - since < CENSUS_MS) {
      if (tierOf(picked) !== first) this.#log.exercised("a spill-over");
      return;
    }
    this.#log.exercised("a tier that took all");
    if (tierOf(picked) !== first)
      this.#log.violated(`${originOf(picked)} was picked instead of tier ${first}`);
  }

  #tierOf(): ((view: MemberView) => string) | undefined {
    switch (this.#scenario.balance) {
      case "priority":
        return ({ member }) => (member.endpoint.priority === 0 ? FIRST : "spare");
      case "zone":
        return ({ member }) => (member.endpoint.zone === "local" ? FIRST : "other");
      case "region":
        return ({ member }) => member.endpoint.region ?? "";
      default:
        return undefined;
    }
  }
}

const FIRST = "first";

const originOf = ({ member }: MemberView): string => member.endpoint.origin;
