/** Contenders that are one script under servers/, started with two ports as arguments. */
import { fileURLToPath } from "node:url";
import {
  type Contender,
  type ContenderGroup,
  type Launch,
  RUNTIME_TITLES,
  type ScriptRuntime,
} from "./contender.ts";
import { missingRuntime, runtimeProgram } from "./programs.ts";

/** Flags that every script on a runtime gets, Fairlead's and the peers' alike. */
const FLAGS: Readonly<Record<ScriptRuntime, readonly string[]>> = {
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
export const scriptLaunch = (runtime: ScriptRuntime, script: string, args: readonly string[]): Launch => ({
  command: runtimeProgram(runtime),
  args: [...FLAGS[runtime], script, ...args],
  env: { NODE_ENV: "production", NO_COLOR: "1" },
});

/** `launch`, a script's, with more flags for the runtime itself. */
export const withRuntimeFlags = (
  launch: Launch,
  runtime: ScriptRuntime,
  flags: readonly string[],
): Launch => ({
  ...launch,
  args: runtime === "node" ? [...flags, ...launch.args] : ["run", ...flags, ...launch.args.slice(1)],
});

/** A contender from servers/`script`. */
export const scripted = (options: {
  readonly id: string;
  readonly name: string;
  readonly group: ContenderGroup;
  readonly runtime: ScriptRuntime;
  readonly script: string;
}): Contender => ({
  id: options.id,
  name: options.name,
  group: options.group,
  runtime: options.runtime,
  missing: () => missingRuntime(options.runtime),
  prepare: ({ port, originPort }) =>
    scriptLaunch(options.runtime, benchFile(`servers/${options.script}`), [String(port), String(originPort)]),
});

/** "bare fetch (Node)" */
export const onRuntime = (what: string, runtime: keyof typeof RUNTIME_TITLES): string =>
  `${what} (${RUNTIME_TITLES[runtime]})`;
