import { describe, expect, test } from "vitest";
import { memoryPlatform } from "../../../runtimes/memory/platform.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import type { EndpointSource, SourceListener } from "../../../src/core/endpoint-source.ts";
import { buildGateway, draftGateway } from "../../../src/gateway.ts";
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

  const reloads = () => {
    const platform = memoryPlatform({ upstreams: {} });
    const registry = createEndpointRegistry();
    const reload = (upstreams: Readonly<Record<string, Readonly<Record<string, number>>>>) => {
      const config = parseConfig({
        upstreams: Object.fromEntries(
          Object.entries(upstreams).map(([name, weights]) => [
            name,
            {
              endpoints: Object.entries(weights).map(([host, weight]) => ({ url: `http://${host}`, weight })),
            },
          ]),
        ),
        routes: Object.keys(upstreams).map((name) => ({ match: { path: `/${name}` }, upstream: name })),
      });
      const { plan } = buildGateway(config, platform, { registry });
      return (name: string): readonly number[] =>
        plan.upstreams.get(name)?.set.members.map(({ state }) => state.warmingSince) ?? [];
    };
    return { reload, clock: platform.clock };
  };

  test("starts the endpoints slowly that it adds to an upstream, and no others", async () => {
    const { reload, clock } = reloads();
    expect(reload({ app: { a: 1, b: 1 } })("app")).toEqual([-Infinity, -Infinity]);
    await clock.advance(1_000);
    expect(reload({ app: { a: 1, b: 2, c: 1 } })("app")).toEqual([-Infinity, -Infinity, 1_000]);
    await clock.advance(1_000);
    expect(reload({ app: { a: 1, b: 1, c: 1 } })("app")).toEqual([-Infinity, -Infinity, 1_000]);
    reload({ app: { a: 1, c: 1 } });
    expect(reload({ app: { a: 1, b: 1, c: 1 } })("app")).toEqual([-Infinity, 2_000, 1_000]);
  });

  test("starts the endpoints slowly whose weight it raises from 0", async () => {
    const { reload, clock } = reloads();
    expect(reload({ app: { a: 1, b: 0 } })("app")).toEqual([-Infinity, -Infinity]);
    await clock.advance(1_000);
    expect(reload({ app: { a: 1, b: 0, c: 0 } })("app")).toEqual([-Infinity, -Infinity, -Infinity]);
    expect(reload({ app: { a: 1, b: 1, c: 0 } })("app")).toEqual([-Infinity, 1_000, -Infinity]);
  });

  test("starts no endpoint slowly of an upstream that is new", async () => {
    const { reload, clock } = reloads();
    reload({ app: { a: 1 } });
    await clock.advance(1_000);
    expect(reload({ app: { a: 1 }, other: { a: 1, b: 1 } })("other")).toEqual([-Infinity, -Infinity]);
    reload({ app: { a: 1 } });
    expect(reload({ app: { a: 1 }, other: { a: 1, c: 1 } })("other")).toEqual([-Infinity, -Infinity]);
  });

  test("starts nothing slowly while it is a draft", () => {
    const platform = memoryPlatform({ upstreams: {} });
    const registry = createEndpointRegistry();
    const configOf = (...hosts: readonly string[]) =>
      parseConfig({ upstreams: { app: { endpoints: hosts.map((host) => `http://${host}`) } } });
    buildGateway(configOf("a"), platform, { registry });
    const draft = draftGateway(configOf("a", "b"), platform, { registry });
    const states = () =>
      draft.gateway.plan.upstreams.get("app")?.set.members.map(({ state }) => state.warmingSince);
    expect(states()).toEqual([-Infinity, -Infinity]);
    draft.takeEffect();
    expect(states()).toEqual([-Infinity, 0]);
  });
});
