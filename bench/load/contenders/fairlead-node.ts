/** Fairlead on Node, from its sources. */
import type { Contender } from "../contender.ts";
import { scripted } from "../scripted.ts";

export const contender: Contender = scripted({
  name: "Fairlead (Node)",
  group: "fairlead",
  runtime: "node",
  script: "fairlead-node.ts",
});
