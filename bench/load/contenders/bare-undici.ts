/** The floor for Node: http and undici. */
import type { Contender } from "../contender.ts";
import { scripted } from "../scripted.ts";

export const contender: Contender = scripted({
  name: "bare undici (Node)",
  group: "bare",
  runtime: "node",
  script: "bare-undici.mjs",
});
