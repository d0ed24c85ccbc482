/** An upstream's attempts, counted without the code under test. */
import type { Endpoint } from "../../src/core/endpoint.ts";
import type { EndpointSet, Member } from "../../src/core/endpoint-state.ts";
import { BREAKER_DEFAULTS, Breaker } from "../../src/resilience/breaker.ts";
import { SLOW_START_MS } from "./scenario.ts";

/** Why an endpoint should not be picked, the strongest reason first. `probed`: its breaker's probes are all under way. */
export type Objection = "drained" | "open" | "probed" | "at-limit" | "doubted";

/** An endpoint as it is before a pick. */
export interface MemberView {
  readonly member: Member;
  readonly objection: Objection | undefined;
  /** Attempts that have not ended. */
  readonly load: number;
  readonly isWarm: boolean;
}

export interface SetView {
  readonly now: number;
  readonly members: readonly MemberView[];
  /** Load of the upstream, that of endpoints which have left it included. */
  readonly inFlight: number;
}

interface Account {
  load: number;
  probes: number;
  /** Counts the changes of its breaker: attempts of an earlier period are no probes. */
  period: number;
}

/** A counted attempt. */
export interface Entry {
  /** Probes at once, with this one; 0 where it is none. */
  readonly probes: number;
  close(): void;
}

export class Ledger {
  readonly #accounts: Map<string, Account> = new Map();
  readonly #maxInFlight: number;
  #inFlight = 0;

  constructor(maxInFlight: number) {
    this.#maxInFlight = maxInFlight;
  }

  get open(): number {
    return this.#inFlight;
  }

  breakerChanged(origin: string): void {
    const account = this.#accountOf(origin);
    account.period += 1;
    account.probes = 0;
  }

  /** @param isProbe whether its breaker is half-open now. */
  enter({ origin }: Endpoint, isProbe: boolean): Entry {
    const account = this.#accountOf(origin);
    const { period } = account;
    account.load += 1;
    this.#inFlight += 1;
    if (isProbe) account.probes += 1;
    return {
      probes: isProbe ? account.probes : 0,
      close: () => {
        account.load -= 1;
        this.#inFlight -= 1;
        if (isProbe && account.period === period) account.probes -= 1;
      },
    };
  }

  viewOf({ members }: EndpointSet, now: number): SetView {
    return {
      now,
      inFlight: this.#inFlight,
      members: members.map((member) => {
        const account = this.#accountOf(member.endpoint.origin);
        return {
          member,
          objection: this.#objectionTo(member, account, now),
          load: account.load,
          isWarm: now - member.state.warmingSince >= SLOW_START_MS,
        };
      }),
    };
  }

  #objectionTo({ endpoint, state }: Member, { load, probes }: Account, now: number): Objection | undefined {
    if (endpoint.weight === 0) return "drained";
    const breaker = breakerOf(state.breaker, now);
    if (breaker?.kind === "open") return "open";
    if (breaker?.kind === "half-open" && probes >= BREAKER_DEFAULTS.probes) return "probed";
    if (load >= this.#maxInFlight) return "at-limit";
    if (state.health?.isUp === false) return "doubted";
    return (state.ejection?.until ?? 0) > now ? "doubted" : undefined;
  }

  #accountOf(origin: string): Account {
    let account = this.#accounts.get(origin);
    if (account === undefined) {
      account = { load: 0, probes: 0, period: 0 };
      this.#accounts.set(origin, account);
    }
    return account;
  }
}

export const breakerOf = (breaker: unknown, now: number): ReturnType<Breaker["state"]> | undefined =>
  breaker instanceof Breaker ? breaker.state(now) : undefined;
