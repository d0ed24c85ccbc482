/** A URL given on the command line. */
import { nearestName } from "../src/core/nearest.ts";
import { showValue } from "../src/config/problem.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";

/** Names of the commands. */
export const COMMANDS: readonly string[] = [
  "start",
  "check",
  "explain",
  "upgrade",
  "top",
  "schema",
  "init",
  "cert",
  "help",
];

const HOST_AND_PORT = /^(\[[\da-f:]+\]|[\w.-]+):\d{1,5}(\/.*)?$/i;

/** Checks that `argument` of `command` is an upstream's URL. Throws `CliError` that says what it was probably meant to be. */
export const upstreamUrl = (argument: string, command: string): string => {
  if (/^(https?:\/\/|unix:)./i.test(argument)) return argument;
  throw new CliError(
    EXIT.usage,
    `${showValue(argument)} is neither a command nor a URL`,
    advice(argument, command),
  );
};

const advice = (argument: string, command: string): string => {
  if (HOST_AND_PORT.test(argument)) return `did you mean http://${argument}?`;
  if (/^\d{2,5}$/.test(argument)) return `did you mean http://localhost:${argument}?`;
  if (/\.(jsonc?|ya?ml|[mc]?ts)$/.test(argument)) return `did you mean --config ${argument}?`;
  const nearest = nearestName(argument, COMMANDS);
  return nearest === undefined
    ? `give a URL such as http://localhost:3000, or see "${command} --help"`
    : `did you mean "${command} ${nearest}"?`;
};
