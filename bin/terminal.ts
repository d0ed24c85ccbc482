/** The terminal that the process runs in. */
import process from "node:process";
import type { Terminal } from "../cli/host.ts";

// ECMA-48 and xterm's private modes: another screen, no cursor, no wrapping; and back.
const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l";
const LEAVE = "\u001b[?7h\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const END_OF_LINE = "\u001b[K";
const END_OF_SCREEN = "\u001b[J";

/** What a terminal has that does not say. */
const USUAL = { columns: 80, rows: 24 };

/** Takes it over. Undefined where standard input or output is no terminal. */
export const openTerminal = (): Terminal | undefined => {
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY) return undefined;
  const listeners: (() => void)[] = [];
  stdin.setRawMode(true);
  stdin.setEncoding("utf8");
  stdin.resume();
  stdout.write(ENTER);
  return {
    size: () => ({ columns: stdout.columns || USUAL.columns, rows: stdout.rows || USUAL.rows }),
    draw: (lines) =>
      void stdout.write(`${HOME}${lines.join(`${END_OF_LINE}\r\n`)}${END_OF_LINE}${END_OF_SCREEN}`),
    onInput(listener) {
      stdin.on("data", (input: string | Buffer) => listener(input.toString()));
      // The terminal is gone: as if somebody had left.
      stdin.on("end", () => listener("\u0003"));
    },
    onResize(listener) {
      listeners.push(listener);
      stdout.on("resize", listener);
    },
    close() {
      for (const listener of listeners) stdout.off("resize", listener);
      stdin.removeAllListeners("data");
      stdin.removeAllListeners("end");
      stdin.setRawMode(false);
      stdin.pause();
      stdout.write(LEAVE);
    },
  };
};
