import { expect, test } from "vitest";
import { type ScriptedUpstream, memoryPlatform } from "../../runtimes/memory/mod.ts";
import type { Capability } from "../../src/core/capability.ts";
import { buildGateway } from "../../src/gateway.ts";
import { parseConfig } from "../../src/mod.ts";

test("health checks of all upstreams are ten at once where a request can't wait for another's", async () => {
  let [running, most, checks] = [0, 0, 0];
  const checked: ScriptedUpstream = async () => {
    running += 1;
    checks += 1;
    most = Math.max(most, running);
    await Promise.resolve();
    running -= 1;
    return new Response("ok");
  };
  const urls = Array.from({ length: 30 }, (_, index) => `http://server-${index}`);
  const platform = memoryPlatform({ upstreams: Object.fromEntries(urls.map((url) => [url, checked])) });
  const capabilities = new Set<Capability>(platform.capabilities);
  capabilities.delete("background");
  const config = parseConfig({
    upstreams: {
      one: { endpoints: urls.slice(0, 15), health: "/healthz" },
      two: { endpoints: urls.slice(15), health: "/healthz" },
    },
    routes: [{ match: { path: "/one" }, upstream: "one" }, { upstream: "two" }],
  });
  const gateway = buildGateway(config, { ...platform, capabilities });
  const due = [gateway.upkeep.runDue(), gateway.upkeep.runDue()];
  await platform.clock.advance(0);
  await Promise.all(due);
  expect({ most, checks }).toEqual({ most: 10, checks: 30 });
});
