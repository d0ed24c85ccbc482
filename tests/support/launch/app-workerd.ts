/** Turns into a workerd that serves the library's app. */
import { dirname } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { WORKERD, prepareWorkerd } from "../workerd.ts";

const configFile = process.argv[2] ?? "";
const entry = fileURLToPath(new URL("app-worker.ts", import.meta.url));
const args = prepareWorkerd({ directory: dirname(configFile), configFile, entry });
process.execve?.(WORKERD, [WORKERD, ...args], {});
