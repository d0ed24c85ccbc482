/**
 * Test a config without a network: `fairlead/testing`.
 *
 * @example
 * ```ts
 * const { app, clock } = testGateway(config, { "http://api:3000": () => Response.json({ ok: true }) });
 * const response = await app.request("http://example.com/v1/x");
 * ```
 *
 * @module
 */
import type { Hono } from "hono";
import { createGateway } from "../../handlers/gateway.ts";
import { parseConfig } from "../../src/config/parse.ts";
import type { ConfigInput } from "../../src/config/types.ts";
import { type MemoryPlatform, type MemoryPlatformOptions, memoryPlatform } from "./platform.ts";
import type { ScriptedUpstream } from "./scripted-fetch.ts";

export { ManualClock } from "./clock.ts";
export { seededRandom } from "./random.ts";
export { memoryPlatform, type MemoryPlatform, type MemoryPlatformOptions } from "./platform.ts";
export type { ScriptedUpstream } from "./scripted-fetch.ts";

/** A gateway in memory and the strings to pull on it. */
export interface TestGateway extends Pick<MemoryPlatform, "clock" | "failures"> {
  /** `app.request(url, init)` sends a request from `options.peer`. */
  readonly app: Hono;
}

/** Builds the gateway of `config` in front of scripted `upstreams`. Throws `ConfigError` when the config is wrong. */
export const testGateway = (
  config: ConfigInput,
  upstreams: Readonly<Record<string, ScriptedUpstream>>,
  options: Omit<MemoryPlatformOptions, "upstreams"> = {},
): TestGateway => {
  const platform = memoryPlatform({ ...options, upstreams });
  return {
    app: createGateway(parseConfig(config), platform),
    clock: platform.clock,
    failures: platform.failures,
  };
};
