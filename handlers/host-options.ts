/** Options of a gateway and of `proxyTo` that are no config: what they run on, and who hears of failures. */
import { code } from "../src/config/schema/leaf.ts";
import type { Schema } from "../src/config/schema/schema.ts";
import { isRecord } from "../src/config/tree.ts";
import type { FailureReport, Platform } from "../src/core/platform.ts";

export interface HostOptions {
  /**
   * Runs on this platform: `memoryPlatform()` of `fairlead/testing`, or one with upstream connections of its own
   * (`platform()` of `fairlead/node` and its like). @default the runtime's, which all gateways share
   */
  readonly platform?: Platform | undefined;
  /**
   * Told of every exchange that is answered with a failure, before its answer is made, mistakes of clients included.
   * Stands in for what the platform does with them: a line on standard error. MUST NOT throw.
   */
  readonly onFailure?: ((report: FailureReport) => void) | undefined;
}

export const platformOption: Schema<Platform> = code(
  "a platform",
  (value) => isRecord(value) && isRecord(value["transport"]) && typeof value["arrive"] === "function",
);

export const onFailureOption: Schema<NonNullable<HostOptions["onFailure"]>> = code(
  "a function",
  (value) => typeof value === "function",
);

/** The platform to run on; `own` is asked for the runtime's only where no other is given. */
export const hostPlatform = ({ platform, onFailure }: HostOptions, own: () => Platform): Platform => {
  const lent = platform ?? own();
  if (onFailure === undefined) return lent;
  const { name, capabilities, clock, random, transport, inspectTls } = lent;
  return {
    name,
    capabilities,
    clock,
    random,
    transport,
    telemetry: { failed: onFailure },
    ...(inspectTls === undefined ? {} : { inspectTls }),
    arrive: (request, env) => lent.arrive(request, env),
  };
};
