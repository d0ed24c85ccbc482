/** The Hono app around a gateway. */
import { Hono } from "hono";
import { code } from "../src/config/schema/leaf.ts";
import { named, object, optional } from "../src/config/schema/object.ts";
import type { Schema } from "../src/config/schema/schema.ts";
import { isRecord } from "../src/config/tree.ts";
import type { Config } from "../src/config/types.ts";
import type { Lifecycle } from "../src/core/lifecycle.ts";
import type { Platform } from "../src/core/platform.ts";
import { answer } from "./answer.ts";
import { type HostOptions, onFailureOption, onUpstreamEventOption, platformOption } from "./host-options.ts";
import { type ObservedGatewayOptions, observedGateway } from "./observed-gateway.ts";

/** Options of a gateway besides its config. */
export interface GatewayOptions extends HostOptions {
  /** Read by the ready page. @default always serving */
  readonly lifecycle?: Lifecycle | undefined;
}

const lifecycleOption: Schema<Lifecycle> = code(
  "an object with draining",
  (value) => isRecord(value) && typeof value["draining"] === "boolean",
);

export const gatewayOptions: Schema<GatewayOptions> = object(named("", { expects: "an object of options" }), {
  platform: optional(platformOption, "What it runs on."),
  onFailure: optional(onFailureOption, "Called with failures."),
  onUpstreamEvent: optional(onUpstreamEventOption, "Called with what upstreams decide by themselves."),
  lifecycle: optional(lifecycleOption, "What the ready page reads."),
});

/** A gateway as a Hono app that answers every request. */
export const createGateway = (
  config: Config,
  platform: Platform,
  options: ObservedGatewayOptions = {},
): Hono => {
  const gateway = observedGateway(config, platform, options);
  return new Hono().all("*", (c) => answer(c, gateway, platform));
};
