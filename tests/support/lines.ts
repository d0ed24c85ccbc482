/** Lines of logs as text. */
import { LineBuffer } from "../../src/core/line-buffer.ts";
import type { LogOutput } from "../../src/core/log-output.ts";

/** What `write` adds to a line, in a buffer of its own. */
export const lineBy = (write: (buffer: LineBuffer) => void): string => {
  const buffer = new LineBuffer().begin();
  write(buffer);
  buffer.end();
  return new TextDecoder().decode(buffer.bytes).slice(0, -1);
};

/** Writes `text` as a line. */
export const writeLine = (output: LogOutput, text: string): boolean => {
  const buffer = output.begin();
  if (buffer === undefined) return false;
  buffer.addText(text);
  output.end();
  return true;
};
