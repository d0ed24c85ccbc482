/** Lines on standard error. */
import process from "node:process";

const ignore = (): void => {};

/** Never throws: a log that nobody reads any more must not end a proxy. */
export const writeToStderr = (line: string): void => {
  const { stderr } = process;
  // Without a listener a stream's failure would be an uncaught exception.
  if (stderr.listenerCount("error", ignore) === 0) stderr.on("error", ignore);
  stderr.write(`${line}\n`);
};
