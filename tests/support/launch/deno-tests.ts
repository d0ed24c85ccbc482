/** Runs test files on Deno: `deno run --allow-all --import-map tests/support/launch/deno-tests.json …/deno-tests.ts FILE…` */
import process from "node:process";
import { pathToFileURL } from "node:url";
import { runTests } from "../vitest-stand-in.ts";

for (const file of process.argv.slice(2)) await import(pathToFileURL(file).href);
const failures = await runTests((line) => void process.stdout.write(`${line}\n`));
process.exit(failures === 0 ? 0 : 1);
