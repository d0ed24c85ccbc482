/** Fairlead on workerd: the Worker that a deployment uploads, with the bench's config in it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundleWorker } from "../bundle.ts";
import { benchConfig } from "../config.ts";
import type { Contender } from "../contender.ts";
import { missingRuntime } from "../programs.ts";
import { onRuntime } from "../scripted.ts";
import { workerdLaunch } from "../workerd.ts";

export const contenders: readonly Contender[] = [
  {
    id: "fairlead-workerd",
    name: onRuntime("Fairlead", "workerd"),
    group: "fairlead",
    runtime: "workerd",
    missing: () => missingRuntime("workerd"),
    prepare: async (ends) => {
      const { listen: _, ...config } = benchConfig(ends.port, ends.originPort);
      const script = join(ends.folder, "bundle.js");
      writeFileSync(script, await bundleWorker({ ...config, listen: { limits: { bodyBytes: "4GiB" } } }));
      return workerdLaunch(ends, script);
    },
  },
];
