/** Load generators in C, compiled where they are used. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runToEnd } from "./children.ts";
import { machineProgram } from "./programs.ts";
import { type Aim, type Sample, measured } from "./sample.ts";
import type { Scenario } from "./scenarios.ts";

/** Requests of its first moments are sent and not recorded. */
const SETTLE_MS = 500;

const COMPILER_LIMIT_MS = 60_000;

const LIBRARIES: Readonly<Record<string, readonly string[]>> = { handshakes: ["-lssl", "-lcrypto"] };

/** Compiles a generator into `folder`, unless it is there. */
const generator = async (name: string, folder: string): Promise<string> => {
  const program = join(folder, name);
  if (existsSync(program)) return program;
  const compiler = machineProgram("cc");
  if (compiler === undefined) {
    throw new Error(`${name} needs a C compiler (apt-get install gcc libc6-dev libssl-dev)`);
  }
  const source = fileURLToPath(new URL(`${name}/${name}.c`, import.meta.url));
  const args = ["-O2", "-o", program, source, ...(LIBRARIES[name] ?? [])];
  await runToEnd("cc", { command: compiler, args }, undefined, COMPILER_LIMIT_MS);
  return program;
};

const run = async (
  scenario: Scenario,
  { pid, seconds, core }: Aim,
  round: number,
  { name, folder, args }: { name: string; folder: string; args: readonly (string | number)[] },
): Promise<Sample> => {
  const launch = { command: await generator(name, folder), args: args.map(String) };
  return measured(scenario, pid, round, () => runToEnd(name, launch, core, (seconds + 15) * 1000));
};

/** Open load: sends at a constant rate, however long the answers take. `rate` is in requests a second. */
export const runPaced = (
  scenario: Scenario,
  aim: Aim,
  round: number,
  { rate, folder }: { readonly rate: number; readonly folder: string },
): Promise<Sample> => {
  const { path, connections } = scenario;
  const args = [aim.port, path, connections, rate, SETTLE_MS, aim.seconds * 1000];
  return run(scenario, aim, round, { name: "paced", folder, args });
};

export const runHandshakes = (scenario: Scenario, aim: Aim, round: number, folder: string): Promise<Sample> =>
  run(scenario, aim, round, {
    name: "handshakes",
    folder,
    args: [aim.port, scenario.path, aim.seconds * 1000],
  });

export const runWebSockets = (
  scenario: Scenario,
  aim: Aim,
  round: number,
  folder: string,
): Promise<Sample> => {
  const { path, connections, bodyBytes } = scenario;
  const args = [aim.port, path, connections, bodyBytes, aim.seconds * 1000];
  return run(scenario, aim, round, { name: "websocket", folder, args });
};
