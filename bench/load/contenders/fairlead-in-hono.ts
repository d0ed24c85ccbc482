/** Fairlead as a handler in somebody's Hono app: over the engine's client on Node, and examples/portable.ts. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundleScript } from "../bundle.ts";
import type { Contender, ScriptRuntime } from "../contender.ts";
import { missingRuntime, root } from "../programs.ts";
import { benchFile, onRuntime, scriptLaunch, scripted } from "../scripted.ts";

const EXAMPLE = join(root, "examples/portable.ts");

const portable = (runtime: ScriptRuntime): Contender => ({
  id: `portable-${runtime}`,
  name: onRuntime("portable.ts", runtime),
  group: "hono",
  runtime,
  missing: () =>
    missingRuntime(runtime) ?? (existsSync(EXAMPLE) ? undefined : "there is no examples/portable.ts"),
  prepare: async ({ port, originPort, folder }) => {
    const script = join(folder, "portable.mjs");
    writeFileSync(script, await bundleScript(EXAMPLE, runtime));
    const args = [String(port), String(originPort), script];
    return scriptLaunch(runtime, benchFile("servers/portable.mjs"), args);
  },
});

export const contenders: readonly Contender[] = [
  scripted({
    id: "fairlead-hono-node",
    name: "proxyTo in Hono (Node)",
    group: "hono",
    runtime: "node",
    script: "fairlead-hono.ts",
  }),
  portable("node"),
  portable("deno"),
  portable("bun"),
];
