/** A port as people write it. */
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";

/** A port number from text; throws `CliError` naming `source`. */
export const parsePort = (text: string, source: string): number => {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new CliError(
    EXIT.usage,
    `${source} is ${JSON.stringify(text)}, which is not a port`,
    "give a number from 0 (any free port) to 65535",
  );
};
