/** What a user starts: `fairlead start --config …` on Node. Only its start-up is measured. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { benchConfig } from "../config.ts";
import type { Contender } from "../contender.ts";
import { root } from "../programs.ts";
import { scriptLaunch } from "../scripted.ts";

/** The published JavaScript where it has been built (`npm run build`), else the sources. */
const built = join(root, "dist/bin/fairlead.js");
const command = existsSync(built) ? built : join(root, "bin/fairlead.ts");

export const contender: Contender = {
  name: command === built ? "fairlead start (Node, package)" : "fairlead start (Node, sources)",
  group: "fairlead",
  parts: ["startup"],
  missing: () => undefined,
  prepare: ({ port, originPort, folder }) => {
    const file = join(folder, "fairlead.json");
    writeFileSync(file, JSON.stringify(benchConfig(port, originPort)));
    return scriptLaunch("node", command, ["start", "--config", file]);
  },
};
