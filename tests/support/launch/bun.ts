import { serve } from "../../../runtimes/bun/mod.ts";
import { launch } from "./config.ts";

await launch(serve);
