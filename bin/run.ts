/** Runs the command line on the runtime that this is. */
import process from "node:process";
import { main } from "../cli/main.ts";
import { type ServingRuntime, finish, hostOf } from "./host.ts";

interface Runtime {
  readonly name: ServingRuntime;
  /** For people. */
  readonly label: string;
}

const currentRuntime = (): Runtime => {
  const { bun, deno, node } = process.versions;
  if (bun !== undefined) return { name: "bun", label: `Bun ${bun}` };
  if (deno !== undefined) return { name: "deno", label: `Deno ${deno}` };
  return { name: "node", label: `Node ${node}` };
};

/** @param program the address of the module that began */
export const run = async (program: string): Promise<void> => {
  const { name, label } = currentRuntime();
  await finish(await main(hostOf({ runtime: name, label, program })));
};
