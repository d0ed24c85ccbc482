/** Options of a gateway and of `proxyTo` that are no config: the platform, and callbacks for failures and events. */
import { code } from "../src/config/schema/leaf.ts";
import type { Schema } from "../src/config/schema/schema.ts";
import { isRecord } from "../src/config/tree.ts";
import type { Platform } from "../src/core/platform.ts";
import { type FailureOptions, telemetryFor } from "../src/observe/failure-options.ts";

export interface HostOptions extends FailureOptions {
  /**
   * Runs on this platform: `memoryPlatform()` of `fairlead/testing`, or one with upstream connections of its own
   * (`platform()` of `fairlead/node` and its like). @default the runtime's, which all gateways share
   */
  readonly platform?: Platform | undefined;
}

export const platformOption: Schema<Platform> = code(
  "a platform",
  (value) => isRecord(value) && isRecord(value["transport"]) && typeof value["arrive"] === "function",
);

const isFunction = (value: unknown): boolean => typeof value === "function";

export const onFailureOption: Schema<NonNullable<HostOptions["onFailure"]>> = code("a function", isFunction);
export const onUpstreamEventOption: Schema<NonNullable<HostOptions["onUpstreamEvent"]>> = code(
  "a function",
  isFunction,
);

/** The platform to run on; `own` is asked for the runtime's only where no other is given. */
export const hostPlatform = (options: HostOptions, own: () => Platform): Platform => {
  const { platform, onFailure, onUpstreamEvent } = options;
  const base = platform ?? own();
  if (onFailure === undefined && onUpstreamEvent === undefined) return base;
  return { ...base, telemetry: { ...base.telemetry, ...telemetryFor(options) } };
};
