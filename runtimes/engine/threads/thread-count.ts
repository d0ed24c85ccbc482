/** How many threads answer requests. */
import { availableParallelism } from "node:os";
import process from "node:process";
import type { Config } from "../../../src/config/types.ts";
import { ServeError } from "../../serving.ts";

/**
 * Elsewhere several sockets of one port don't share its connections: macOS gives all of them to one, Windows has no such option.
 */
const canShare = (): boolean => process.platform === "linux";

/** @throws ServeError where several are asked for and this system can't share a port among them. */
export const threadCount = ({ threads }: Pick<Config, "threads">): number => {
  if (threads === "auto") return canShare() ? availableParallelism() : 1;
  if (threads > 1 && !canShare()) {
    throw new ServeError(
      `threads: ${threads} needs a port that several sockets share (SO_REUSEPORT with balancing), which only Linux has; set threads to 1 or "auto"`,
    );
  }
  return threads;
};
