import { describe, expect, test } from "vitest";
import { nearestName } from "../../../src/core/nearest.ts";

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
    expect(nearestName("x", ["id"])).toBeUndefined();
    expect(nearestName("x", [])).toBeUndefined();
  });
});
