// Arguments: port to listen on, port of the origin.
import process from "node:process";
import { serve } from "../../../runtimes/bun/mod.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { benchConfig } from "../config.ts";

const [port = 0, originPort = 0] = process.argv.slice(2).map(Number);
await serve(parseConfig(benchConfig(port, originPort)));
