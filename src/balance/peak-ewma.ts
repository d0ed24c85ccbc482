/** Two choices by expected latency (after Finagle's and Linkerd's peak EWMA). */
import type { Balancer } from "../core/balancer.ts";
import type { Member } from "../core/endpoint-state.ts";
import type { Random } from "../core/platform.ts";
import { latencyAt } from "../core/latency.ts";
import { twoChoices } from "./two-choices.ts";

/**
 * Cost = latency × (attempts in flight + 1) / weight. The latency falls back to its initial value while an endpoint gets no
 * traffic, so that one which was slow is tried again.
 */
export const peakEwma = (random: Random): Balancer =>
  twoChoices(random, (one, other, now) => costOf(one, now) < costOf(other, now));

const costOf = ({ endpoint, state }: Member, now: number): number =>
  (latencyAt(state, now) * (state.inFlight + 1)) / endpoint.weight;
