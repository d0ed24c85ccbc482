/** What went wrong, as a sentence and what to do. */
import { CommanderError } from "commander";
import { ConfigError } from "../src/config/config-error.ts";
import { showPath } from "../src/config/problem.ts";
import { CliError } from "./cli-error.ts";
import { commandName } from "./command-name.ts";
import { EXIT } from "./exit-codes.ts";
import type { Host } from "./host.ts";
import { styleFor } from "./style.ts";
import { COMMANDS } from "./upstream-url.ts";

/** What is said of a config file that another one could stand in for. */
const UNREADABLE = /^(?:there is no such file|this is a directory|the file |unknown kind of file)/;

/** Writes it on standard error. @returns the exit code */
export const showFailure = (host: Host, thrown: unknown): number => {
  const style = styleFor(host.stderr, host.env);
  const command = commandName(host);
  const anotherFile = `name another file with --config, or write a starter config with "${command} init"`;
  const say = (message: string, advice?: string): void => {
    host.stderr.write(`${style.red("error:")} ${message}${advice === undefined ? "" : `\n  ${advice}`}\n`);
  };
  if (thrown instanceof CommanderError) {
    if (thrown.exitCode === 0) return EXIT.ok;
    // `fairlead help nonsense`: the program's help was printed for want of the command's.
    if (thrown.code === "commander.help") {
      say("there is no such command", "the commands are listed above");
      return EXIT.usage;
    }
    const [message = "", ...suggestion] = thrown.message
      .replace(/^error: /, "")
      .split("\n")
      .map((line) => line.trim());
    const subcommand = host.args.find((arg) => COMMANDS.includes(arg));
    // Without a command, options and arguments are those of start.
    const help = `${command} ${subcommand ?? "start"} --help`;
    say(message, [...suggestion, `see "${help}"`].join("\n  "));
    return EXIT.usage;
  }
  if (thrown instanceof ConfigError) {
    const [only] = thrown.problems;
    if (
      only !== undefined &&
      thrown.problems.length === 1 &&
      only.path.length === 0 &&
      only.place?.line === undefined
    ) {
      // Nothing within a file is wrong, but the file as a whole, or a variable.
      say(thrown.message, UNREADABLE.test(only.message) ? anotherFile : undefined);
      return EXIT.usage;
    }
    host.stderr.write(`${style.red("error:")} ${thrown.report}`);
    return EXIT.usage;
  }
  if (thrown instanceof CliError) {
    say(thrown.message, thrown.advice);
    return thrown.exitCode;
  }
  say(
    thrown instanceof Error ? thrown.message : String(thrown),
    "this is not a mistake of yours; please report it with the command you ran",
  );
  return EXIT.failed;
};

/** In one sentence, without places in files. */
export const failureReason = (thrown: unknown): string => {
  if (thrown instanceof ConfigError) {
    return thrown.problems
      .map(({ path, message }) => (path.length === 0 ? message : `${showPath(path)}: ${message}`))
      .join("; ");
  }
  return thrown instanceof Error ? thrown.message : String(thrown);
};
