import { describe, expect, test } from "vitest";
import { createEndpointRegistry } from "../../../src/upstream/registry.ts";

describe("draft of a registry", () => {
  test("shows what is known, and changes nothing before it takes effect", () => {
    const registry = createEndpointRegistry();
    const [state, budget] = [registry.stateOf("a"), registry.shared("budget", 1, () => ({ of: 1 }))];
    const draft = registry.draft();
    expect(draft.stateOf("a")).toBe(state);
    expect(draft.shared("budget", 1, () => ({ of: 0 }))).toBe(budget);
    const other = registry.draft();
    const changed = other.shared("budget", 2, () => ({ of: 2 }));
    expect(other.shared("budget", 2, () => ({ of: 0 }))).toBe(changed);
    expect(registry.find("budget")).toBe(budget);
    expect(other.stateOf("new")).not.toBe(registry.stateOf("new"));
    other.takeEffect();
    expect(registry.find("budget")).toBe(changed);
    expect(other.stateOf("new")).toBe(registry.stateOf("new"));
  });

  test("takes values away that it was not asked for", () => {
    const registry = createEndpointRegistry();
    registry.shared("gone", undefined, () => 1);
    const draft = registry.draft();
    draft.shared("kept", undefined, () => 2);
    draft.takeEffect();
    expect([registry.find("gone"), registry.find("kept")]).toEqual([undefined, 2]);
  });
});

describe("registry that keeps some endpoints only", () => {
  test("forgets the others once nothing is in flight at them", () => {
    const registry = createEndpointRegistry();
    const [kept, busy, idle] = [registry.stateOf("kept"), registry.stateOf("busy"), registry.stateOf("idle")];
    busy.inFlight = 1;
    const keys = new Set(["kept"]);
    expect(registry.keepOnly(keys)).toBe(false);
    expect([registry.stateOf("kept"), registry.stateOf("busy")]).toEqual([kept, busy]);
    expect(registry.stateOf("busy")).toBe(busy);
    expect(registry.stateOf("idle")).not.toBe(idle);
    busy.inFlight = 0;
    expect(registry.keepOnly(keys)).toBe(true);
    expect(registry.stateOf("busy")).not.toBe(busy);
    expect(registry.stateOf("kept")).toBe(kept);
  });
});
