import { serve } from "../../../runtimes/deno/mod.ts";
import { launch } from "./config.ts";

await launch(serve);
