/** What goes wrong in a run, and when. */
import type { Random } from "../../src/core/platform.ts";
import type { Fault } from "./sim-server.ts";

/** A server fails in some way for a while. */
export interface FaultPlan {
  readonly server: number;
  readonly fault: Fault;
  readonly from: number;
  readonly until: number;
}

/** A server joins or leaves the set, or an operator drains it and takes that back. */
export interface ChangePlan {
  readonly at: number;
  readonly server: number;
  readonly change: "leaves" | "joins" | "drained" | "undrained";
}

export interface Dice {
  readonly random: Random;
  readonly pick: <T>(values: readonly T[]) => T;
  readonly chance: (share: number) => boolean;
}

/** When the first fault begins: the time before it shows how the upstream does in good times. */
export const FAULTS_FROM = 3_000;

const FAULTS: readonly Fault[] = [
  "crashed",
  "hanging",
  "partitioned",
  "unavailable",
  "resetting",
  "truncating",
  "slow",
  "flaky",
];

/** `servers` of them fail at once, in the same way. */
export const commonOutage = (
  servers: number,
  longest: number,
  { pick, chance }: Dice,
): readonly FaultPlan[] => {
  const fault = pick<Fault>(["crashed", "unavailable", "hanging", "partitioned"]);
  // Some are down before the first request.
  const from = chance(0.2) ? 0 : FAULTS_FROM;
  return Array.from({ length: servers }, (_, server) => ({
    server,
    fault,
    from,
    until: FAULTS_FROM + longest,
  }));
};

/** Some servers fail, or flap, at times of their own. */
export const partialOutage = (
  count: number,
  longest: number,
  { random, pick, chance }: Dice,
): readonly FaultPlan[] => {
  const faults: FaultPlan[] = [];
  for (let n = 1 + random.below(4); n > 0; n--) {
    const server = random.below(count);
    const fault = pick(FAULTS);
    const from = FAULTS_FROM + random.below(6_000);
    if (chance(0.3)) {
      const period = 200 + random.below(3_000);
      for (let at = from; at < from + longest; at += 2 * period) {
        faults.push({ server, fault, from: at, until: at + period });
      }
    } else faults.push({ server, fault, from, until: from + 500 + random.below(longest) });
  }
  return faults;
};

/** One server fails too seldom for its circuit breaker, for longer than ejection's interval. */
export const outlier = (count: number, { random }: Dice): readonly FaultPlan[] => [
  {
    server: random.below(count),
    fault: "erring",
    from: FAULTS_FROM,
    until: FAULTS_FROM + 12_000 + random.below(4_000),
  },
];

/** The first server stays. */
export const changesOf = (count: number, { random, chance }: Dice): readonly ChangePlan[] =>
  Array.from({ length: count - 1 }, (_, i) => i + 1)
    .filter(() => chance(2 / count))
    .flatMap((server): readonly ChangePlan[] => {
      const at = FAULTS_FROM + random.below(8_000);
      const back = at + 500 + random.below(5_000);
      return chance(0.3)
        ? [
            { at, server, change: "drained" },
            { at: back, server, change: "undrained" },
          ]
        : [
            { at, server, change: "leaves" },
            { at: back, server, change: "joins" },
          ];
    });
