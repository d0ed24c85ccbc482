/** The package as npm would publish it, installed into an empty project. */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { runToEnd } from "./children.ts";
import { machineProgram, root } from "./programs.ts";

const LIMIT_MS = 180_000;

/** The installed command's file. Packs (which builds) and installs into `folder`, unless that has been done. */
export const installedCommand = async (folder: string): Promise<string> => {
  const project = join(folder, "package");
  const command = join(project, "node_modules/fairlead/dist/bin/fairlead.js");
  if (existsSync(command)) return command;
  mkdirSync(project, { recursive: true });
  const npm = (...args: string[]): Promise<string> =>
    runToEnd("npm", { command: machineProgram("npm") ?? "npm", args }, undefined, LIMIT_MS);
  await npm("pack", root, "--silent", "--pack-destination", project);
  const packed = readdirSync(project).find((file) => file.endsWith(".tgz"));
  if (packed === undefined) throw new Error("npm pack left no file");
  await npm(
    "install",
    "--prefix",
    project,
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
    join(project, packed),
  );
  return command;
};
