/**
 * A gateway in several threads.
 *
 * ```
 *   main thread                                   n threads that answer requests
 *     admin listener, signals, reload              listeners (one port, reusePort)
 *     health checks, discovery      ── results ──▶   endpoints and their health
 *     log outputs, rotation         ◀── lines ────   access log, events
 *     /metrics, push                ◀─ observed ──   series in shared memory
 * ```
 *
 * The main thread answers no request: what a thread does to itself, by its own middleware say, takes nothing away from the others.
 */
import type { Config } from "../../../src/config/types.ts";
import type { Platform } from "../../../src/core/platform.ts";
import type { ServeOptions, Serving } from "../../serving.ts";
import { Supervisor, type ThreadedOptions } from "./supervisor.ts";

/** Resolves once all threads accept connections. Throws as `serve` does. */
export const serveThreads = async (
  config: Config,
  given: Platform,
  options: ServeOptions,
  threaded: ThreadedOptions,
): Promise<Serving> => {
  const supervisor = new Supervisor(given, options, threaded);
  await supervisor.start(config);
  return supervisor;
};
