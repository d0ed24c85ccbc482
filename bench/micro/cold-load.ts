/** Prints how many ms the first load of a file with 1,000 routes takes in this fresh process, modules loaded. */
import { loadConfig } from "../../src/config/load.ts";
import { configOf } from "./samples.ts";

const text = JSON.stringify(configOf(1000), undefined, 2);
const since = performance.now();
const loaded = await loadConfig({
  file: "fairlead.json",
  cwd: "/",
  env: {},
  flags: {},
  readText: () => Promise.resolve(text),
  importModule: () => Promise.reject(new Error("no module is there")),
});
const elapsed = performance.now() - since;
process.stdout.write(`${loaded?.config.routes.length === 1000 ? elapsed : Number.NaN}\n`);
