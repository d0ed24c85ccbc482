import * as runtime from "../../../runtimes/bun/mod.ts";
import { launch } from "./config.ts";

await launch(runtime);
