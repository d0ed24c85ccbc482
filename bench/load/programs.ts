/** Where the programs are: runtimes from npm, servers and tools from the machine. */
import { accessSync, constants } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RuntimeName } from "./contender.ts";

const require = createRequire(import.meta.url);

/** The repository. */
export const root: string = fileURLToPath(new URL("../../", import.meta.url));

const executable = (path: string): string | undefined => {
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    return undefined;
  }
};

/** Full path of a program of the machine; sbin folders are searched too, since a user's PATH may lack them. */
export const machineProgram = (name: string): string | undefined => {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  for (const folder of folders) {
    if (folder === "" || folder.includes("node_modules")) continue;
    const found = executable(join(folder, name));
    if (found !== undefined) return found;
  }
  return undefined;
};

/** A sentence for tables and logs when a Debian program is not there. */
export const missingProgram = (name: string): string | undefined =>
  machineProgram(name) === undefined ? `${name} is not installed (apt-get install ${name})` : undefined;

const packageFile = (name: string, file: string): string =>
  join(dirname(require.resolve(`${name}/package.json`)), file);

/**
 * The runtime's own binary. Never the small Node script that npm packages put in front of one: its process
 * would be counted and its start-up timed.
 */
export const runtimeProgram = (name: RuntimeName): string => {
  if (name === "node") return process.execPath;
  if (name === "deno") return packageFile("deno", "deno");
  if (name === "bun") return packageFile("bun", "bin/bun.exe");
  return packageFile("workerd", "bin/workerd");
};

export const missingRuntime = (name: RuntimeName): string | undefined => {
  try {
    return executable(runtimeProgram(name)) === undefined ? `${name}'s binary can't be run` : undefined;
  } catch {
    return `${name} is not installed (npm ci)`;
  }
};
