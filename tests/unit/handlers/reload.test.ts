import { describe, expect, test } from "vitest";
import { memoryPlatform } from "../../../runtimes/memory/platform.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import type { EndpointSource, SourceListener } from "../../../src/core/endpoint-source.ts";
import { buildGateway } from "../../../src/gateway.ts";
import { createEndpointRegistry } from "../../../src/upstream/registry.ts";

describe("gateway that takes another's place", () => {
  test("begins with the endpoints that were discovered, at their full share", () => {
    const listeners: SourceListener[] = [];
    const source: EndpointSource = {
      name: "a script",
      start: (listener) => void listeners.push(listener),
      stop() {},
    };
    const platform = { ...memoryPlatform({ upstreams: {} }), discover: () => source };
    const registry = createEndpointRegistry();
    const build = (file: string) =>
      buildGateway(parseConfig({ upstreams: { app: { discovery: { file } } } }), platform, { registry });
    const first = build("a.json");
    first.upkeep.start();
    listeners[0]?.({ kind: "found", endpoints: [{ url: "http://a" }, { url: "http://b" }] });
    first.upkeep.stop();
    const states = (gateway: typeof first) =>
      gateway.plan.upstreams.get("app")?.set.members.map(({ state }) => state);
    const known = states(first);
    expect(known).toHaveLength(2);
    expect(states(build("a.json"))).toEqual(known);
    expect(states(build("a.json"))?.[0]).toBe(known?.[0]);
    expect(states(build("a.json"))?.map(({ warmingSince }) => warmingSince)).toEqual([-Infinity, -Infinity]);
    expect(states(build("another.json"))).toEqual([]);
  });
});
