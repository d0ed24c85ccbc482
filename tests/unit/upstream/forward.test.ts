import { describe, expect, test } from "vitest";
import { joinTarget } from "../../../src/upstream/forward.ts";

describe("joinTarget", () => {
  test.each([
    ["", "/a?b", "/a?b"],
    ["", "", "/"],
    ["", "?q=1", "/?q=1"],
    ["", "//a", "//a"],
    ["/api", "/a", "/api/a"],
    ["/api", "/", "/api/"],
    ["/api", "", "/api"],
    ["/api", "?q=1", "/api?q=1"],
    ["/api", "//a", "/api//a"],
    ["/api/", "/a", "/api/a"],
    ["/api/", "", "/api/"],
    ["/api/", "?q=1", "/api/?q=1"],
    ["/api/", "//a", "/api//a"],
    ["/api", "*", "*"],
  ])("'%s' and '%s' make %s", (basePath, target, expected) => {
    expect(joinTarget(basePath, target)).toBe(expected);
  });
});
