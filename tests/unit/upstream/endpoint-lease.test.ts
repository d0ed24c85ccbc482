import { expect, test } from "vitest";
import { seededRandom } from "../../../runtimes/memory/random.ts";
import { ProxyError } from "../../../src/core/errors.ts";
import type { Outcome } from "../../../src/core/outcome.ts";
import { BREAKER_DEFAULTS, Breaker } from "../../../src/resilience/breaker.ts";
import { EndpointLease } from "../../../src/upstream/endpoint-lease.ts";
import { endpointSet } from "../../support/endpoints.ts";

const ended = (endedAt: number, error?: ProxyError): Outcome => ({
  ending: error === undefined ? "complete" : "failed",
  progress: "head",
  status: 101,
  error,
  bytesSent: 0,
  bytesReceived: 0,
  reused: false,
  times: { startedAt: 0, connectedAt: 0, headAt: 1, endedAt },
});

const rig = () => {
  const [member] = endpointSet({ a: 1 }).members;
  if (member === undefined) throw new Error("no member");
  const breaker = new Breaker({ options: BREAKER_DEFAULTS, random: seededRandom(1) });
  member.state.breaker = breaker;
  const load = { inFlight: 0 };
  const lease = (now: number): EndpointLease =>
    new EndpointLease(member, { load, countsInternalError: false }, now);
  return { breaker, load, lease, state: member.state };
};

test("an endpoint that switched protocols has succeeded, and is loaded until the tunnel ends", () => {
  const { breaker, load, lease, state } = rig();
  for (let i = 0; i < BREAKER_DEFAULTS.consecutiveFailures; i++)
    lease(0).settle(ended(0, new ProxyError("upstream-reset")));
  const later = BREAKER_DEFAULTS.openMs * 2;
  expect(breaker.state(0).kind).toBe("open");
  const tunnels = Array.from({ length: BREAKER_DEFAULTS.probes }, () => lease(later));
  expect(breaker.admits(later)).toBe(false);
  for (const tunnel of tunnels) tunnel.switched(later + 1);
  expect(breaker.state(later + 1)).toEqual({ kind: "closed" });
  expect([load.inFlight, state.inFlight]).toEqual([3, 3]);
  // How they end is no failure of the endpoint.
  for (const tunnel of tunnels) tunnel.settle(ended(later + 2, new ProxyError("upstream-reset")));
  for (let i = 0; i < BREAKER_DEFAULTS.consecutiveFailures - 1; i++)
    lease(later + 3).settle(ended(later + 3, new ProxyError("upstream-reset")));
  expect(breaker.state(later + 3)).toEqual({ kind: "closed" });
  expect([load.inFlight, state.inFlight]).toEqual([0, 0]);
});

test("a tunnel that had ended before anybody heard of it counts once", () => {
  const { breaker, lease } = rig();
  const tunnel = lease(0);
  tunnel.settle(ended(1));
  tunnel.switched(2);
  expect(breaker.state(2)).toEqual({ kind: "closed" });
});
