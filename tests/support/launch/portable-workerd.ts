/** Turns into a workerd that serves `examples/portable.ts`. */
import { dirname } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { libraryOf } from "../portable.ts";
import { WORKERD, prepareWorkerd } from "../workerd.ts";

const configFile = process.argv[2] ?? "";
const entry = fileURLToPath(new URL("portable-worker.mjs", import.meta.url));
const alias = { fairlead: libraryOf("workers") };
const args = prepareWorkerd({ directory: dirname(configFile), configFile, entry, alias });
process.execve?.(WORKERD, [WORKERD, ...args], {});
