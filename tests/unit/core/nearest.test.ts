import { describe, expect, test } from "vitest";
import { nearestName, nearestVariable } from "../../../src/core/nearest.ts";

describe("nearestName", () => {
  test.each([
    ["uptream", ["routes", "upstream", "listen"], "upstream"],
    ["ruotes", ["routes", "upstream"], "routes"],
    ["LISTEN", ["listen"], "listen"],
    ["client.adress", ["client.address", "request.id"], "client.address"],
  ])("%s finds the candidate that differs least", (name, candidates, nearest) => {
    expect(nearestName(name, candidates)).toBe(nearest);
  });

  test("nothing near finds nothing", () => {
    expect(nearestName("colour", ["routes", "upstream"])).toBeUndefined();
    expect(nearestName("NOPE", ["HOME"])).toBeUndefined();
    expect(nearestName("x", ["id"])).toBeUndefined();
    expect(nearestName("x", [])).toBeUndefined();
  });

  test("a name longer than any that people type is near to none", () => {
    const [longest, longer] = ["a".repeat(64), "a".repeat(65)];
    expect(nearestName(longest, [longer])).toBe(longer);
    expect(nearestName(longer, [longest])).toBeUndefined();
  });

  test("only so many of a great many candidates are compared", () => {
    let taken = 0;
    const many = function* (): Generator<string> {
      for (taken = 1; taken < 10_000; taken += 1) yield `name-${String(taken).padStart(8, "0")}`;
    };
    expect(nearestName("other-value-1", many())).toBeUndefined();
    expect(taken).toBe(Math.floor(200_000 / 13 ** 2) + 1);
  });
});

describe("nearestVariable", () => {
  test.each([
    ["FAIRLEAD_LISTEN_PROT", "FAIRLEAD_LISTEN_PORT"],
    ["FAIRLEAD_LISTN_PORT", "FAIRLEAD_LISTEN_PORT"],
    ["FAIRLEAD_LISTN_PROT", "FAIRLEAD_LISTEN_PORT"],
    ["FAIRLEAD_CONFG", "FAIRLEAD_CONFIG"],
    ["FAIRLEAD_ROUTES", undefined],
    ["FAIRLEAD_TELEMETRY_OTLP_HEADERS", undefined],
    ["FAIRLEAD", undefined],
  ])("%s is compared where it differs", (name, nearest) => {
    const names = ["FAIRLEAD_CONFIG", "FAIRLEAD_LISTEN_PORT", "FAIRLEAD_TELEMETRY_OTLP_ENDPOINT"];
    expect(nearestVariable(name, names)).toBe(nearest);
  });
});
