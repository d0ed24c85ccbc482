/** httpxy on Node. */
import type { Contender } from "../contender.ts";
import { scripted } from "../scripted.ts";

export const contender: Contender = scripted({
  name: "httpxy",
  group: "library",
  runtime: "node",
  script: "httpxy.mjs",
});
