import * as runtime from "../../../runtimes/node/mod.ts";
import { launch } from "./config.ts";

await launch(runtime);
