/** `examples/portable.ts`, in front of the config's first upstream. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import type { Hono } from "hono";
import { PORTABLE_BUNDLE } from "../portable.ts";
import { collectorIn, originIn } from "./app-origin.ts";

export const portableApp = async (): Promise<Hono> => {
  const configFile = process.argv[2] ?? "";
  const config = readFileSync(configFile, "utf8");
  process.env["UPSTREAM"] = originIn(config);
  const collector = collectorIn(config);
  if (collector !== undefined) process.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector;
  const bundle = pathToFileURL(join(dirname(configFile), PORTABLE_BUNDLE)).href;
  return ((await import(bundle)) as { readonly default: Hono }).default;
};
