/** How many upstream requests Bun has open at once. */
import process from "node:process";

const VARIABLE = "BUN_CONFIG_MAX_HTTP_REQUESTS";

/** Bun's highest. */
const HIGHEST = "65336";

/**
 * Bun's `fetch` makes requests wait while 256 are open, and reads another limit from its environment only as it
 * starts. So a program that is a proxy turns into itself once more with that variable set, unless somebody has set
 * it. Does nothing where a process can't be replaced (Windows).
 */
export const raiseRequestLimit = (): void => {
  const { env, execArgv, execPath, argv } = process;
  if (env[VARIABLE] !== undefined || process.execve === undefined || process.platform === "win32") return;
  process.execve(execPath, [execPath, ...execArgv, ...argv.slice(1)], { ...env, [VARIABLE]: HIGHEST });
};
