/** Fairlead's command with one config file, as the installed package; other states of the code from their sources. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ConfigInput } from "../../../src/config/types.ts";
import { siteTexts } from "../certificate.ts";
import { benchConfig, measuredConfig, resilienceConfig, tlsConfig } from "../config.ts";
import type { Contender, Ends, Launch, Part, ScriptRuntime } from "../contender.ts";
import { installedCommand } from "../package.ts";
import { missingProgram, missingRuntime } from "../programs.ts";
import { onRuntime, scriptLaunch } from "../scripted.ts";

export const RUNTIMES: readonly ScriptRuntime[] = ["node", "deno", "bun"];

/** The start is timed of new processes: see `packageContenders`. */
export const UNDER_LOAD: readonly Part[] = ["load", "streaming", "endurance"];

type ConfigFor = (ends: Ends) => ConfigInput;

const plain: ConfigFor = ({ port, originPort }) => benchConfig(port, originPort);

const withTls: ConfigFor = ({ port, originPort, tlsPort, runFolder }) =>
  tlsConfig(port, originPort, tlsPort, siteTexts(runFolder));

const start = (runtime: ScriptRuntime, command: string, ends: Ends, config: ConfigFor = plain): Launch => {
  const file = join(ends.folder, "fairlead.json");
  writeFileSync(file, JSON.stringify(config(ends)));
  return scriptLaunch(runtime, command, ["start", "--config", file]);
};

const fromSources = (
  runtime: ScriptRuntime,
  checkout: string,
  config?: ConfigFor,
): Pick<Contender, "missing" | "prepare"> => {
  const command = join(checkout, "bin/fairlead.ts");
  return {
    missing: () => missingRuntime(runtime) ?? (existsSync(command) ? undefined : `there is no ${command}`),
    prepare: (ends) => start(runtime, command, ends, config),
  };
};

/** Packed and installed once in a run, by the first of them. */
export const installed = (
  runtime: ScriptRuntime,
  config?: ConfigFor,
): Pick<Contender, "missing" | "prepare"> => ({
  missing: () => missingRuntime(runtime) ?? missingProgram("npm"),
  prepare: async (ends) => start(runtime, await installedCommand(ends.runFolder), ends, config),
});

export const contenders: readonly Contender[] = RUNTIMES.map((runtime) => ({
  id: `fairlead-${runtime}`,
  name: onRuntime("Fairlead", runtime),
  group: "fairlead",
  runtime,
  parts: UNDER_LOAD,
  abilities: ["tls", "websocket"],
  ...installed(runtime, withTls),
}));

/** In front of two endpoints, with all that keeps failures from clients and without it: what that costs. */
export const resilienceContenders: readonly Contender[] = RUNTIMES.flatMap((runtime) =>
  [true, false].map((isOn) => ({
    id: `${isOn ? "resilient" : "plain"}-${runtime}`,
    name: onRuntime(isOn ? "Fairlead, resilience on" : "Fairlead, resilience off", runtime),
    group: "fairlead" as const,
    runtime,
    parts: UNDER_LOAD,
    ...installed(runtime, ({ port, originPort }) => resilienceConfig(port, originPort, isOn)),
  })),
);

/** With what telemetry costs on a request's way. */
export const telemetryContenders: readonly Contender[] = RUNTIMES.map((runtime) => ({
  id: `metrics-${runtime}`,
  name: onRuntime("Fairlead, metrics", runtime),
  group: "fairlead" as const,
  runtime,
  parts: UNDER_LOAD,
  ...installed(runtime, ({ port, originPort }) => measuredConfig(port, originPort)),
}));

/** The same from another checkout, to compare two states of the code in the same rounds. */
export const contendersBefore = (checkout: string): readonly Contender[] =>
  RUNTIMES.map((runtime) => ({
    id: `before-${runtime}`,
    name: onRuntime("Fairlead before", runtime),
    group: "fairlead",
    runtime,
    parts: UNDER_LOAD,
    ...fromSources(runtime, checkout),
  }));

export const packageName = (runtime: ScriptRuntime): string =>
  onRuntime("Fairlead, installed package", runtime);

export const packageContenders: readonly Contender[] = RUNTIMES.map((runtime) => ({
  id: `package-${runtime}`,
  name: packageName(runtime),
  group: "fairlead",
  runtime,
  parts: ["startup"],
  ...installed(runtime),
}));
