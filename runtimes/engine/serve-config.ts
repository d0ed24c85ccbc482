/** A gateway, in as many threads as its config says. */
import type { Config } from "../../src/config/types.ts";
import type { Platform } from "../../src/core/platform.ts";
import { refuseUnsupported } from "../refuse.ts";
import type { ServeOptions, Serving } from "../serving.ts";
import { serveGateway } from "./serve.ts";
import { threadCount } from "./threads/thread-count.ts";

/** The module that a thread begins with, and that stands beside the module at `url`. */
export const threadEntry = (url: string, path: string): URL =>
  // In the package it is JavaScript.
  new URL(path + (/\.[jt]s$/.exec(new URL(url).pathname)?.[0] ?? ".js"), url);

/** Throws as `serveGateway` does. */
export const serveConfig = async (
  config: Config,
  platform: Platform,
  options: ServeOptions,
  entry: URL,
): Promise<Serving> => {
  refuseUnsupported(config, platform, options.explicit);
  const threads = threadCount(config);
  if (threads === 1) return serveGateway(config, platform, options);
  if (options.onFailure !== undefined)
    throw new TypeError(
      "onFailure: a report of a failure can't be sent from thread to thread; set threads to 1",
    );
  const { serveThreads } = await import("./threads/serve-threads.ts");
  return serveThreads(config, platform, options, { threads, entry });
};
