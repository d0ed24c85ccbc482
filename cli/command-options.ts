/** Options that several commands of the command line take, and how their values are read. */
import { DEFAULT_FILES } from "../src/config/config-file.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";

/**
 * A value that stands once; of two the last would win, which nobody means. For `Command.option`.
 *
 * @throws CliError where `flag` is given again.
 */
export const once =
  <Value>(flag: string, read: (text: string) => Value) =>
  (text: string, before: Value | undefined): Value => {
    if (before !== undefined) throw new CliError(EXIT.usage, `${flag} is given twice`, "give it once");
    return read(text);
  };

/** The value as it is written. */
export const asText = (text: string): string => text;

/** Arguments of `Command.option`, for a value that stands once. */
type OptionOnce = readonly [
  flags: string,
  description: string,
  read: (text: string, before: string | undefined) => string,
];

/** `--config`, for commands that read one. */
export const CONFIG_OPTION: OptionOnce = [
  "-c, --config <file>",
  `config file; without it the first of ${DEFAULT_FILES.join(", ")} that is here`,
  once("--config", asText),
];
