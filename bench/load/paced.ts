/** Open load: paced/paced.c, which sends at a constant rate, however long the answers take. */
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

/** Compiles the generator into `folder`, unless it is there. */
const generator = async (folder: string): Promise<string> => {
  const program = join(folder, "paced");
  if (existsSync(program)) return program;
  const compiler = machineProgram("cc");
  if (compiler === undefined) throw new Error("open load needs a C compiler (apt-get install gcc libc6-dev)");
  const source = fileURLToPath(new URL("paced/paced.c", import.meta.url));
  const launch = { command: compiler, args: ["-O2", "-o", program, source] };
  await runToEnd("cc", launch, undefined, COMPILER_LIMIT_MS);
  return program;
};

/** `rate` is in requests a second. Takes `seconds`, half a second to settle and a little. */
export const runPaced = async (
  scenario: Scenario,
  { port, pid, seconds, core }: Aim,
  round: number,
  { rate, folder }: { readonly rate: number; readonly folder: string },
): Promise<Sample> => {
  const command = await generator(folder);
  const args = [port, scenario.path, scenario.connections, rate, SETTLE_MS, seconds * 1000].map(String);
  const limitMs = (seconds + 15) * 1000;
  return measured(scenario, pid, round, () => runToEnd("paced", { command, args }, core, limitMs));
};
