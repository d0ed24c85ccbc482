/** The floor for workerd: a Worker that fetches. */
import type { Contender } from "../contender.ts";
import { missingRuntime } from "../programs.ts";
import { benchFile } from "../scripted.ts";
import { workerdLaunch } from "../workerd.ts";

export const contender: Contender = {
  name: "bare fetch (workerd)",
  group: "bare",
  runtime: "workerd",
  missing: () => missingRuntime("workerd"),
  prepare: (ends) => workerdLaunch(ends, benchFile("servers/bare-fetch-workerd.mjs")),
};
