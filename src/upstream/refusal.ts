/** Why an upstream has no endpoint for a request. */
import { ProxyError } from "../core/errors.ts";
import type { Standing } from "./upstream.ts";

/** `no-endpoint`, `overloaded`, or `circuit-open` with the time until the first breaker lets probes through. */
export const refusalOf = (name: string, standing: readonly Standing[], now: number): ProxyError => {
  const usable = standing.filter(({ exclusion }) => exclusion !== "drained");
  if (usable.length === 0) {
    const why = standing.length === 0 ? "has no endpoints" : "has endpoints of weight 0 only";
    return new ProxyError("no-endpoint", { detail: `upstream "${name}" ${why}` });
  }
  if (usable.some(({ exclusion }) => exclusion === "at-limit")) {
    return new ProxyError("overloaded", { detail: `every endpoint of upstream "${name}" is at its limit` });
  }
  const opens = usable.reduce(
    (first, { state }) => Math.min(first, state.breaker?.closedUntil(now) ?? now),
    Number.POSITIVE_INFINITY,
  );
  const seconds = Math.ceil((opens - now) / 1_000);
  return new ProxyError("circuit-open", {
    detail: `every circuit breaker of upstream "${name}" is open`,
    ...(Number.isFinite(seconds) && { headers: { "retry-after": String(Math.max(1, seconds)) } }),
  });
};
