/** Logs to the console, on runtimes that have nothing else. */
import { type LogOutputs, outputByLine } from "../src/core/log-output.ts";

/** Each line is a message of the console, which the runtime keeps. */
export const consoleOutputs = (): LogOutputs => ({
  open({ to }) {
    if (to !== "stdout" && to !== "stderr") throw new TypeError("there are no files here to log to");
    return outputByLine(to === "stdout" ? (line) => console.log(line) : (line) => console.error(line));
  },
  use() {},
  keepOnly() {},
  reopen() {},
  flush: async () => {},
});
