/** Colours, where the reader is a terminal that wants them (https://no-color.org). */
import type { Output } from "./host.ts";

/** Wraps text for the terminal; plain where colours are off. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

const wrap =
  (on: number, off: number) =>
  (text: string): string =>
    `\u001b[${on}m${text}\u001b[${off}m`;

const COLOURED: Style = {
  bold: wrap(1, 22),
  dim: wrap(2, 22),
  red: wrap(31, 39),
  green: wrap(32, 39),
  yellow: wrap(33, 39),
  cyan: wrap(36, 39),
};

const same = (text: string): string => text;
const PLAIN: Style = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same };

/** Colours for `output`: a terminal, `NO_COLOR` unset or empty, and `TERM` not "dumb". */
export const styleFor = (output: Output, env: Readonly<Record<string, string | undefined>>): Style =>
  output.isTTY && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb" ? COLOURED : PLAIN;
