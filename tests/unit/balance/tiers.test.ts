import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../runtimes/memory/random.ts";
import { byLatency, byPriority, byRegion, byZone } from "../../../src/balance/tiers.ts";
import { leastLoadedOfTwo } from "../../../src/balance/two-choices.ts";
import type { Balancer } from "../../../src/core/balancer.ts";
import type { EndpointSet } from "../../../src/core/endpoint-state.ts";
import { type SelectionParts, endpointSet, nameOf, selection } from "../../support/endpoints.ts";

const random = seededRandom(3);
const inner = { inner: () => leastLoadedOfTwo(random), random };
const EVEN = Object.fromEntries(["a0", "a1", "a2", "a3", "b0", "b1"].map((name) => [name, 1]));

/** Share of picks whose name begins with `prefix`. */
const share = (balancer: Balancer, set: EndpointSet, prefix: string, parts: SelectionParts = {}): number => {
  let found = 0;
  for (let i = 0; i < 4_000; i++) {
    if (nameOf(balancer.pick(set, selection({ now: i * 10, ...parts }))).startsWith(prefix)) found += 1;
  }
  return found / 4_000;
};

describe("priority tiers", () => {
  const set = endpointSet(EVEN, (name) => ({ priority: name.startsWith("a") ? 0 : 1 }));

  test("send everything to the first tier while 71 % of it may be tried", () => {
    expect(share(byPriority(inner), set, "b")).toBe(0);
    expect(share(byPriority(inner), set, "b", { eligible: (name) => name !== "a0" })).toBe(0);
  });

  test("spill over in proportion to what the first tier lacks", () => {
    const spilt = share(byPriority(inner), set, "b", { eligible: (name) => name !== "a0" && name !== "a1" });
    expect(spilt).toBeGreaterThan(0.27);
    expect(spilt).toBeLessThan(0.33);
  });

  test("skip a tier that has no eligible endpoint", () => {
    expect(share(byPriority(inner), set, "b", { eligible: (name) => name.startsWith("b") })).toBe(1);
  });

  test("skip it at once when its last endpoint fails between two looks at its health", () => {
    const balancer = byPriority(inner);
    expect(nameOf(balancer.pick(set, selection({ now: 0 })))).toMatch(/^a/);
    const failed = selection({ now: 1, eligible: (name) => name.startsWith("b") });
    expect(nameOf(balancer.pick(set, failed))).toMatch(/^b/);
  });

  test("are not judged by what a single request has tried", () => {
    const balancer = byPriority(inner);
    nameOf(balancer.pick(set, selection({ now: 0 })));
    const retried = selection({
      now: 500,
      isFailOver: true,
      eligible: (name) => name !== "a0" && name !== "a1",
    });
    balancer.pick(set, retried);
    for (let i = 0; i < 200; i++) expect(nameOf(balancer.pick(set, selection({ now: 501 })))).toMatch(/^a/);
  });

  test("use all that is left of both where neither can take its share", () => {
    const left = share(byPriority(inner), set, "a", { eligible: (name) => name === "a0" || name === "b0" });
    expect(left).toBeGreaterThan(0.29);
    expect(left).toBeLessThan(0.38);
  });
});

describe("zones", () => {
  const set = endpointSet(EVEN, (name) => ({ zone: name.startsWith("b") ? "here" : "there" }));

  test("put the local one first", () => {
    expect(share(byZone("here", inner), set, "b")).toBe(1);
    const spilt = share(byZone("here", inner), set, "a", { eligible: (name) => name !== "b0" });
    expect(spilt).toBeGreaterThan(0.27);
    expect(spilt).toBeLessThan(0.33);
  });

  test("stand in order of measured latency", () => {
    for (const { endpoint, state } of set.members) {
      state.latencyMs = endpoint.zone === "here" ? 80 : 5;
      state.latencyAt = 0;
    }
    const balancer = byLatency(inner);
    expect(nameOf(balancer.pick(set, selection({ now: 10 })))).toMatch(/^a/);
    for (const { endpoint, state } of set.members) if (endpoint.zone === "there") state.latencyMs = 500;
    expect(nameOf(balancer.pick(set, selection({ now: 1_010 })))).toMatch(/^b/);
  });
});

describe("regions", () => {
  const regions: Readonly<Record<string, string>> = { a: "DE", b: "EU", c: "US" };
  const set = endpointSet({ a: 1, b: 1, c: 1 }, (name) => ({ region: regions[name] }));
  const pick = (areas: readonly string[], eligible: (name: string) => boolean = () => true): string =>
    nameOf(byRegion(() => areas, inner).pick(set, selection({ eligible })));

  test("go from the client's smallest area outwards", () => {
    expect(pick(["DE", "EU"])).toBe("a");
    expect(pick(["FR", "EU"])).toBe("b");
    expect(pick(["DE", "EU"], (name) => name !== "a")).toBe("b");
    expect(pick(["DE", "EU"], (name) => name === "c")).toBe("c");
    expect(pick(["US"])).toBe("c");
  });
});
