/** Two choices by expected latency (after Finagle's and Linkerd's peak EWMA). */
import type { Balancer } from "../core/balancer.ts";
import type { Member } from "../core/endpoint-state.ts";
import type { Random } from "../core/platform.ts";
import { latencyAt } from "../core/latency.ts";
import { relativeLoad, twoChoices } from "./two-choices.ts";

/**
 * Cost = latency × (load by weight + 1). Endpoints that are equally fast and equally loaded share by weight. The
 * latency falls back to its initial value while an endpoint gets no traffic, so that one which was slow is tried again.
 */
export const peakEwma = (random: Random): Balancer =>
  twoChoices(random, (one, other, now) => costOf(one, other, now) < costOf(other, one, now));

const costOf = (one: Member, other: Member, now: number): number =>
  latencyAt(one.state, now) * (relativeLoad(one, other) + 1);
