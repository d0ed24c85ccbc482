import * as runtime from "../../../runtimes/deno/mod.ts";
import { launch } from "./config.ts";

await launch(runtime);
