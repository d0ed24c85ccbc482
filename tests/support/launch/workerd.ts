/** Turns into a workerd that serves the given config file; bundle and workerd's config land beside it. */
import { dirname } from "node:path";
import process from "node:process";
import { WORKERD, prepareWorkerd } from "../workerd.ts";

const configFile = process.argv[2] ?? "";
const args = prepareWorkerd({ directory: dirname(configFile), configFile });
process.execve?.(WORKERD, [WORKERD, ...args], {});
