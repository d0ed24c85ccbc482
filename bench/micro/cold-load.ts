/** Prints how many ms the first load of a config with 1,000 routes takes in this fresh process, modules loaded. */
import { parse } from "jsonc-parser";
import { parseConfig } from "../../src/config/parse.ts";
import { configOf } from "./samples.ts";

const text = JSON.stringify(configOf(1000), undefined, 2);
const since = performance.now();
const config = parseConfig(parse(text));
const elapsed = performance.now() - since;
process.stdout.write(`${config.routes.length === 1000 ? elapsed : Number.NaN}\n`);
