/** The floor for Bun: Bun.serve and fetch. */
import type { Contender } from "../contender.ts";
import { scripted } from "../scripted.ts";

export const contender: Contender = scripted({
  name: "bare fetch (Bun)",
  group: "bare",
  runtime: "bun",
  script: "bare-fetch-bun.mjs",
});
