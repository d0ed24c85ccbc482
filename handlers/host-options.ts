/** Options of a gateway and of `proxyTo` that are no config: what they run on, and who hears of failures. */
import { code } from "../src/config/schema/leaf.ts";
import type { Schema } from "../src/config/schema/schema.ts";
import { isRecord } from "../src/config/tree.ts";
import type { Platform } from "../src/core/platform.ts";
import {
  type ExchangeReport,
  type FailureReport,
  type Telemetry,
  type UpstreamEvent,
  isFailure,
} from "../src/core/telemetry.ts";

export interface HostOptions {
  /**
   * Runs on this platform: `memoryPlatform()` of `fairlead/testing`, or one with upstream connections of its own
   * (`platform()` of `fairlead/node` and its like). @default the runtime's, which all gateways share
   */
  readonly platform?: Platform | undefined;
  /**
   * Called at the end of every exchange that failed, before or after the response's head, mistakes of clients included.
   * Replaces what the platform does about them: a line on standard error. What it throws is ignored.
   */
  readonly onFailure?: ((report: FailureReport) => void) | undefined;
  /**
   * Called with what upstreams decide by themselves: breakers, health, ejections, retries, changed endpoints. Replaces the
   * platform's lines about them. What it throws is ignored.
   */
  readonly onUpstreamEvent?: ((event: UpstreamEvent) => void) | undefined;
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
  const telemetry: Telemetry = {
    ...base.telemetry,
    ...(onFailure && {
      exchangeEnded(report: ExchangeReport): void {
        if (isFailure(report)) onFailure(report);
      },
    }),
    ...(onUpstreamEvent && { upstreamEvent: onUpstreamEvent }),
  };
  return { ...base, telemetry };
};
