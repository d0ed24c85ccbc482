/** The Worker that `wrangler deploy` uploads: the config that stands beside `wrangler.toml`. */
import { env } from "cloudflare:workers";
import config from "fairlead-config";
import { type WorkerModule, worker } from "./worker.ts";

const main: WorkerModule = worker(config, env);

// oxlint-disable-next-line import/no-default-export -- what a Worker is
export default main;
