/** Logs to the console, on runtimes that have nothing else. */
import type { LogOutputs } from "../src/core/log-output.ts";

/** Each line is a message of the console, which the runtime keeps. */
export const consoleOutputs = (): LogOutputs => ({
  open({ to }) {
    if (to !== "stdout" && to !== "stderr") throw new TypeError("there are no files here to log to");
    return {
      isTerminal: false,
      write(line) {
        if (to === "stdout") console.log(line);
        else console.error(line);
        return true;
      },
    };
  },
  use() {},
  keepOnly() {},
  reopen() {},
  flush: async () => {},
});
