/**
 * Test a config without a network: `fairlead/testing`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { testGateway } from "fairlead/testing";
 *
 * const { app } = testGateway(
 *   { upstreams: { api: "http://api:3000" } },
 *   { "http://api:3000": (request) => Response.json({ asked: request.url }) },
 * );
 * const response = await app.request("http://example.com/v1/x");
 * assert.deepEqual(await response.json(), { asked: "http://api:3000/v1/x" });
 * ```
 *
 * @module
 */
import type { Hono } from "hono";
import { createGateway } from "../../handlers/gateway.ts";
import { parseConfig } from "../../src/config/parse.ts";
import type { ConfigInput } from "../../src/config/types.ts";
import { type MemoryPlatform, type MemoryPlatformOptions, memoryPlatform } from "./platform.ts";
import type { ScriptedUpstream } from "./scripted-upstream.ts";

export { ManualClock } from "./clock.ts";
export { seededRandom } from "./random.ts";
export { memoryPlatform, type MemoryPlatform, type MemoryPlatformOptions } from "./platform.ts";
export type { ScriptedExchange, ScriptedUpstream } from "./scripted-upstream.ts";

/** A gateway in memory, and what a test needs to drive it. */
export interface TestGateway extends Pick<MemoryPlatform, "clock" | "failures" | "reports"> {
  /** `app.request(url, init)` sends a request from `options.peer`. */
  readonly app: Hono;
}

/**
 * Builds the gateway of `config` in front of scripted `upstreams`.
 *
 * @throws ConfigError when the config is wrong; TypeError when a key of `upstreams` names no server.
 */
export const testGateway = (
  config: ConfigInput,
  upstreams: Readonly<Record<string, ScriptedUpstream>> = {},
  options: Omit<MemoryPlatformOptions, "upstreams"> = {},
): TestGateway => {
  const platform = memoryPlatform({ ...options, upstreams });
  return {
    app: createGateway(parseConfig(config), platform),
    clock: platform.clock,
    failures: platform.failures,
    reports: platform.reports,
  };
};
