/** Hono's proxy() on Node. */
import type { Contender } from "../contender.ts";
import { scripted } from "../scripted.ts";

export const contender: Contender = scripted({
  name: "hono/proxy (Node)",
  group: "library",
  runtime: "node",
  script: "hono-proxy.mjs",
});
