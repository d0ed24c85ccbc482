/** Closed load: wrk, where each connection sends its next request once it has its answer. */
import { fileURLToPath } from "node:url";
import { runToEnd } from "./children.ts";
import { machineProgram } from "./programs.ts";
import { type Aim, type Sample, measured } from "./sample.ts";
import type { Scenario } from "./scenarios.ts";

/** Takes `seconds` and a little. */
export const runWrk = (scenario: Scenario, { port, pid, seconds, core }: Aim, round = 1): Promise<Sample> => {
  const wrk = machineProgram("wrk");
  if (wrk === undefined) throw new Error("the load runs need wrk (apt-get install wrk)");
  const script = fileURLToPath(new URL(`wrk/${scenario.script}`, import.meta.url));
  const scheme = scenario.needs === "tls" ? "https" : "http";
  const url = `${scheme}://127.0.0.1:${port}${scenario.path}`;
  const args = ["-t1", `-c${scenario.connections}`, `-d${seconds}s`, "--timeout", "5s", "-s", script, url];
  args.push("--", scenario.method, String(scenario.bodyBytes), scenario.fields);
  const limitMs = (seconds + 10) * 1000;
  return measured(scenario, pid, round, () => runToEnd("wrk", { command: wrk, args }, core, limitMs));
};
