/** Fairlead on Bun, from its sources. */
import type { Contender } from "../contender.ts";
import { scripted } from "../scripted.ts";

export const contender: Contender = scripted({
  name: "Fairlead (Bun)",
  group: "fairlead",
  runtime: "bun",
  script: "fairlead-bun.ts",
});
