/** Where a thread begins that answers requests. */
import { runThread } from "../engine/threads/thread.ts";
import { freshModules } from "../engine/fresh-modules.ts";
import { platform } from "./platform.ts";

await runThread({ create: platform, modules: freshModules("hooks") });
