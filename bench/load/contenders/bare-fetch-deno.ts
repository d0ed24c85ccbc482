/** The floor for Deno: Deno.serve and fetch. */
import type { Contender } from "../contender.ts";
import { scripted } from "../scripted.ts";

export const contender: Contender = scripted({
  name: "bare fetch (Deno)",
  group: "bare",
  runtime: "deno",
  script: "bare-fetch-deno.mjs",
});
