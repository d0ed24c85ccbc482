/** http-proxy on Node, with a keep-alive agent. */
import type { Contender } from "../contender.ts";
import { scripted } from "../scripted.ts";

export const contender: Contender = scripted({
  name: "http-proxy",
  group: "library",
  runtime: "node",
  script: "http-proxy.mjs",
});
