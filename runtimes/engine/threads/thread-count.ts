/** How many threads answer requests. */
import { availableParallelism } from "node:os";
import process from "node:process";
import { ConfigError } from "../../../src/config/config-error.ts";
import { problemAt } from "../../../src/config/problem.ts";
import type { Config } from "../../../src/config/types.ts";
import { ServeError } from "../../serving.ts";

/**
 * Elsewhere several sockets of one port don't share its connections: macOS gives all of them to one, Windows has no such option.
 */
const canShare = (): boolean => process.platform === "linux";

const capsOf = ({ upstreams }: Pick<Config, "upstreams">): readonly (readonly [string, number])[] =>
  Object.entries(upstreams).map(([name, { pool }]) => [name, pool.connections]);

/** Each thread has connections of its own to upstreams. @throws ConfigError where there are too few for that */
export const refuseUnshared = (config: Pick<Config, "upstreams">, threads: number): void => {
  const problems = capsOf(config)
    .filter(([, connections]) => connections < threads)
    .map(([name]) =>
      problemAt(
        ["upstreams", name, "pool", "connections"],
        `is less than the ${threads} threads, and each needs a connection of its own`,
      ),
    );
  if (problems.length > 0) throw new ConfigError(problems);
};

/** @throws ServeError where several are asked for and this system can't share a port among them. */
export const threadCount = (config: Pick<Config, "threads" | "upstreams">): number => {
  const { threads } = config;
  if (threads === "auto")
    return canShare() ? Math.min(availableParallelism(), ...capsOf(config).map(([, cap]) => cap)) : 1;
  if (threads > 1 && !canShare()) {
    throw new ServeError(
      `threads: ${threads} needs a port that several sockets share (SO_REUSEPORT with balancing), which only Linux has; set threads to 1 or "auto"`,
    );
  }
  return threads;
};
