/** What an upstream's layers hold for all plans that name it. */
import type { ConcurrencyGate, Limit } from "./resilience/concurrency.ts";
import { RetryBudget } from "./resilience/retry-budget.ts";
import type { EndpointRegistry } from "./upstream/registry.ts";

/** Names of what layers share in a registry. */
export const sharedNames = {
  retryBudget: (upstream: string): string => `${upstream} retry budget`,
  concurrency: (upstream: string): string => `${upstream} concurrency`,
  /** Endpoints that discovery has found last. */
  discovered: (upstream: string): string => `${upstream} discovered`,
};

/** The concurrency cap's parts. */
export interface Concurrency {
  readonly gate: ConcurrencyGate;
  readonly limit: Limit;
}

/** Undefined where the upstream has no such layer, or no plan had one yet. */
export interface UpstreamState {
  /** Retries that may be made at once. */
  readonly retryBudget: number | undefined;
  readonly concurrency:
    | { readonly inProgress: number; readonly waiting: number; readonly limit: number }
    | undefined;
}

export const stateOfUpstream = (name: string, registry: EndpointRegistry, now: number): UpstreamState => {
  const budget = registry.find(sharedNames.retryBudget(name));
  const cap = registry.find(sharedNames.concurrency(name)) as Concurrency | undefined;
  return {
    retryBudget: budget instanceof RetryBudget ? budget.available(now) : undefined,
    concurrency: cap && {
      inProgress: cap.gate.inProgress,
      waiting: cap.gate.waiting,
      limit: cap.limit.current,
    },
  };
};
