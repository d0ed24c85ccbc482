/** How long an endpoint takes to answer: an average that takes a peak at once and forgets it slowly. */
import type { EndpointState } from "./endpoint-state.ts";

/** Assumed of an endpoint that was never tried. */
export const INITIAL_LATENCY_MS = 30;
/** An observation has lost 63 % of its say after so long. */
const DECAY_MS = 10_000;
/** A failure counts as an answer that took this long at least, so that failing fast attracts nobody. */
const FAILURE_MS = 1_000;
const MAX_LATENCY_MS = 60_000;

/** The estimate at `now`, which nears the initial value while there are no observations. */
export const latencyAt = ({ latencyMs, latencyAt: at }: EndpointState, now: number): number =>
  now === at
    ? latencyMs
    : INITIAL_LATENCY_MS + (latencyMs - INITIAL_LATENCY_MS) * Math.exp((at - now) / DECAY_MS);

/** Takes in that the endpoint answered, or failed, after `ms`. */
export const observeLatency = (state: EndpointState, now: number, ms: number, isFailure: boolean): void => {
  const taken = isFailure ? Math.min(MAX_LATENCY_MS, Math.max(ms, FAILURE_MS, state.latencyMs * 2)) : ms;
  if (taken >= state.latencyMs) {
    state.latencyMs = taken;
  } else {
    const weight = Math.exp((state.latencyAt - now) / DECAY_MS);
    state.latencyMs = state.latencyMs * weight + taken * (1 - weight);
  }
  state.latencyAt = now;
};
