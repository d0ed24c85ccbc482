/** Fairlead on Deno, from its sources. */
import type { Contender } from "../contender.ts";
import { scripted } from "../scripted.ts";

export const contender: Contender = scripted({
  name: "Fairlead (Deno)",
  group: "fairlead",
  runtime: "deno",
  script: "fairlead-deno.ts",
});
