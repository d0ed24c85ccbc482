/** Contenders that are one script under servers/, started with two ports as arguments. */
import { fileURLToPath } from "node:url";
import type { Contender, ContenderGroup, Ends, Launch, RuntimeName } from "./contender.ts";
import { missingRuntime, runtimeProgram } from "./programs.ts";

/** Flags that every script on a runtime gets, Fairlead's and the peers' alike. */
const FLAGS: Readonly<Record<Exclude<RuntimeName, "workerd">, readonly string[]>> = {
  node: [],
  deno: [
    "run",
    "--allow-all",
    "--no-check",
    "--no-lock",
    "--no-prompt",
    "--node-modules-dir=manual",
    "--quiet",
  ],
  bun: ["run"],
};

/** Full path of a file beside this one. */
export const benchFile = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Command line of `script` on `runtime`. */
export const scriptLaunch = (
  runtime: Exclude<RuntimeName, "workerd">,
  script: string,
  args: readonly string[],
): Launch => ({
  command: runtimeProgram(runtime),
  args: [...FLAGS[runtime], script, ...args],
  env: { NODE_ENV: "production", NO_COLOR: "1" },
});

/** A contender from servers/`script`. */
export const scripted = (options: {
  readonly name: string;
  readonly group: ContenderGroup;
  readonly runtime: Exclude<RuntimeName, "workerd">;
  readonly script: string;
}): Contender => ({
  name: options.name,
  group: options.group,
  runtime: options.runtime,
  missing: () => missingRuntime(options.runtime),
  prepare: ({ port, originPort }: Ends) =>
    scriptLaunch(options.runtime, benchFile(`servers/${options.script}`), [String(port), String(originPort)]),
});
