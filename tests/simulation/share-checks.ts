/** Whether endpoints get traffic in proportion to their weights. */
import type { Exchange } from "../../src/core/exchange.ts";
import type { MemberView, SetView } from "./ledger.ts";
import type { RunLog } from "./run-log.ts";
import type { Kind, PolicyName, Scenario } from "./scenario.ts";

/** How far a share may be from its weight's, besides chance. */
const TOLERANCE: ReadonlyMap<PolicyName, number> = new Map([
  ["round robin", 0],
  ["random", 0],
  ["two choices", 0.25],
  ["least in flight", 0.25],
]);
/** Where load decides, servers that are faster than others get more: shares show only where all are alike. */
const ALIKE: ReadonlySet<Kind> = new Set(["calm", "tight"]);
/** Fewer picks show nothing. */
const MINIMUM = 200;

export class ShareChecks {
  readonly #scenario: Scenario;
  readonly #log: RunLog;
  readonly #picks: Map<string, number> = new Map();
  #total = 0;

  constructor(scenario: Scenario, log: RunLog) {
    this.#scenario = scenario;
    this.#log = log;
  }

  /** Counts first attempts made while all endpoints take part in full. */
  picked({ member }: MemberView, { trail }: Exchange, { members }: SetView): void {
    const { isSticky, servers, balance, kind } = this.#scenario;
    const tolerance = TOLERANCE.get(balance);
    if (trail.endpoint !== undefined || isSticky || tolerance === undefined) return;
    if (tolerance > 0 && !ALIKE.has(kind)) return;
    const isWhole = members.length === servers.length;
    if (!isWhole || !members.every((each, i) => isInFull(each) && isPlanned(each, servers[i]))) return;
    this.#total += 1;
    this.#picks.set(member.endpoint.origin, (this.#picks.get(member.endpoint.origin) ?? 0) + 1);
  }

  finish({ members }: SetView): void {
    const tolerance = TOLERANCE.get(this.#scenario.balance);
    if (tolerance === undefined || this.#total < MINIMUM) return;
    this.#log.exercised("shares by weight");
    const weights = members.reduce((sum, { member }) => sum + member.endpoint.weight, 0);
    for (const { member } of members) {
      const { origin, weight } = member.endpoint;
      const share = weight / weights;
      const expected = this.#total * share;
      const found = this.#picks.get(origin) ?? 0;
      const slack = this.#isExact
        ? weight + 1
        : 5 * Math.sqrt(expected * (1 - share)) + 3 + tolerance * expected;
      if (Math.abs(found - expected) > slack) {
        this.#log.violated(
          `${origin} got ${found} of ${this.#total} requests, expected ${expected.toFixed(1)}`,
        );
      }
    }
  }

  /** Turns without an interruption come out exactly. */
  get #isExact(): boolean {
    const { kind, balance, policy } = this.#scenario;
    return kind === "calm" && balance === "round robin" && policy.health === undefined;
  }
}

const isInFull = ({ objection, isWarm, member }: MemberView): boolean =>
  isWarm && (objection === undefined || member.endpoint.weight === 0);

const isPlanned = ({ member }: MemberView, plan: Scenario["servers"][number] | undefined): boolean =>
  member.endpoint.weight === plan?.weight;
