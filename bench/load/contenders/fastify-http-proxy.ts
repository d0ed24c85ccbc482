/** @fastify/http-proxy on Node. */
import type { Contender } from "../contender.ts";
import { scripted } from "../scripted.ts";

export const contender: Contender = scripted({
  name: "@fastify/http-proxy",
  group: "library",
  runtime: "node",
  script: "fastify-http-proxy.mjs",
});
