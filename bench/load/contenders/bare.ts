/** Lower bounds: the least code that proxies on a runtime, over its own `fetch`, over undici, over `node:net`. */
import type { Contender, RuntimeName, ScriptRuntime } from "../contender.ts";
import { missingRuntime } from "../programs.ts";
import { benchFile, onRuntime, scripted } from "../scripted.ts";
import { workerdLaunch } from "../workerd.ts";

/** Name of the proxy that is a runtime's server and its `fetch`. */
export const bareFetchName = (runtime: RuntimeName): string => onRuntime("bare fetch", runtime);

const bareFetch = (runtime: ScriptRuntime): Contender =>
  scripted({
    id: `bare-fetch-${runtime}`,
    name: bareFetchName(runtime),
    group: "bare",
    runtime,
    script: `bare-fetch-${runtime}.mjs`,
  });

const bareNet = (runtime: ScriptRuntime): Contender =>
  scripted({
    id: `bare-net-${runtime}`,
    name: onRuntime("bare node:net", runtime),
    group: "bare",
    runtime,
    script: "bare-net.mjs",
  });

export const contenders: readonly Contender[] = [
  bareFetch("node"),
  bareFetch("deno"),
  bareFetch("bun"),
  {
    id: "bare-fetch-workerd",
    name: bareFetchName("workerd"),
    group: "bare",
    runtime: "workerd",
    missing: () => missingRuntime("workerd"),
    prepare: (ends) => workerdLaunch(ends, benchFile("servers/bare-fetch-workerd.mjs")),
  },
  bareNet("node"),
  bareNet("deno"),
  bareNet("bun"),
  scripted({
    id: "bare-undici",
    name: "bare undici (Node)",
    group: "bare",
    runtime: "node",
    script: "bare-undici.mjs",
  }),
];
