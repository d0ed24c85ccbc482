import { expect, test } from "vitest";
import { seededRandom } from "../../../runtimes/memory/random.ts";
import type { EndpointSet } from "../../../src/core/endpoint-state.ts";
import { BREAKER_DEFAULTS, Breaker } from "../../../src/resilience/breaker.ts";
import { CommonRecovery } from "../../../src/resilience/common-recovery.ts";
import { endpointSet, nameOf } from "../../support/endpoints.ts";

/** Endpoints of which those in `open` have failed at 0; what `admitted` returns may be tried at the time given. */
const rig = (weights: Readonly<Record<string, number>>, open: readonly string[]) => {
  const set: EndpointSet = endpointSet(weights);
  for (const member of set.members) {
    const breaker = new Breaker({ options: BREAKER_DEFAULTS, random: seededRandom(1) });
    member.state.breaker = breaker;
    if (!open.includes(nameOf(member))) continue;
    for (let i = 0; i < 5; i++) breaker.settle(breaker.enter(0), "failure", 0);
  }
  const recovery = new CommonRecovery();
  const admitted = (now: number): string[] =>
    set.members.filter(({ state }) => state.breaker?.admits(now)).map(nameOf);
  return { set, recovery, admitted };
};

test("most endpoints that are shut out are probed when one of them works again", () => {
  const { set, recovery, admitted } = rig({ a: 1, b: 1, c: 1, d: 0 }, ["b", "c"]);
  recovery.watch(set, 2_000);
  expect(admitted(2_000)).toEqual(["a", "d"]);
  recovery.closed();
  recovery.watch(set, 2_000);
  expect(admitted(2_000)).toEqual(["a", "b", "c", "d"]);
});

test("an endpoint that is shut out alone stays so, whoever else recovers", () => {
  const { set, recovery, admitted } = rig({ a: 1, b: 1 }, ["b"]);
  recovery.closed();
  recovery.watch(set, 2_000);
  expect(admitted(2_000)).toEqual(["a"]);
});

test("recovers once for each breaker that closes", () => {
  const { set, recovery, admitted } = rig({ a: 1, b: 1, c: 1 }, ["b", "c"]);
  recovery.closed();
  recovery.watch(set, 500);
  expect(admitted(999)).toEqual(["a"]);
  expect(admitted(1_000)).toEqual(["a", "b", "c"]);
});
