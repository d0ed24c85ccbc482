/** Proxy libraries on Node, each as its documentation shows it, with kept connections upstream. */
import type { Contender } from "../contender.ts";
import { scripted } from "../scripted.ts";

const library = (id: string, name: string): Contender =>
  scripted({ id, name, group: "library", runtime: "node", script: `${id}.mjs` });

export const contenders: readonly Contender[] = [
  library("fastify", "@fastify/http-proxy"),
  library("hono-proxy", "hono/proxy (Node)"),
  library("http-proxy", "http-proxy"),
  library("httpxy", "httpxy"),
];
