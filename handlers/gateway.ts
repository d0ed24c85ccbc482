/** The Hono app around a gateway. */
import { type Context, Hono } from "hono";
import { getPath } from "hono/utils/url";
import { code } from "../src/config/schema/leaf.ts";
import { object, optional } from "../src/config/schema/object.ts";
import type { Schema } from "../src/config/schema/schema.ts";
import { isRecord } from "../src/config/tree.ts";
import type { Config } from "../src/config/types.ts";
import { ALWAYS_SERVING, type Lifecycle } from "../src/core/lifecycle.ts";
import type { Platform } from "../src/core/platform.ts";
import { buildGateway } from "../src/gateway.ts";
import { answer } from "./answer.ts";
import { frontDesk } from "./front-desk.ts";
import { type HostOptions, onFailureOption, platformOption } from "./host-options.ts";

/** What a gateway can be told besides its config. */
export interface GatewayOptions extends HostOptions {
  /** Read by the ready page. @default always serving */
  readonly lifecycle?: Lifecycle | undefined;
}

const lifecycleOption: Schema<Lifecycle> = code(
  "an object with draining",
  (value) => isRecord(value) && typeof value["draining"] === "boolean",
);

export const gatewayOptions: Schema<GatewayOptions> = object(
  "",
  {
    platform: optional(platformOption, "What it runs on."),
    onFailure: optional(onFailureOption, "Who hears of failures."),
    lifecycle: optional(lifecycleOption, "What the ready page reads."),
  },
  { expects: "an object of options" },
);

/** A gateway as a Hono app that answers every request. */
export const createGateway = (
  config: Config,
  platform: Platform,
  options: Pick<GatewayOptions, "lifecycle"> = {},
): Hono => {
  const gateway = buildGateway(config, platform);
  const answering = { gateway, platform, desk: frontDesk(config, platform.random, gateway.plan.trusted) };
  const { readyPath } = config.listen;
  const app = new Hono();
  if (readyPath === undefined) return app.all("*", (c) => answer(c, answering));
  const asksReady = readyQuestion(readyPath);
  const { lifecycle = ALWAYS_SERVING } = options;
  return app.all("*", (c): Response | Promise<Response> => {
    if (!asksReady(c)) return answer(c, answering);
    return lifecycle.draining ? c.text("draining\n", 503) : c.text("ready\n");
  });
};

/** Whether a request asks for just this path, wherever the app is mounted: nothing in it is a pattern. */
const readyQuestion = (readyPath: string): ((c: Context) => boolean) => {
  // Hono decodes some of a path; so is this one.
  const path = getPath(new Request(`http://localhost${readyPath}`));
  return ({ req }) => req.path === path && (req.method === "GET" || req.method === "HEAD");
};
