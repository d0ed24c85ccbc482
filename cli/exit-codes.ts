/** What `fairlead` exits with. */
export const EXIT = {
  /** Done, or stopped with nothing cut off. */
  ok: 0,
  /** It could not run (port in use, file not writable), or stopping cut requests off. */
  failed: 1,
  /** The config or the command line is wrong; nothing was started. */
  usage: 2,
} as const;

/** The same for `--help`. */
export const EXIT_CODES_HELP = `
Exit codes:
  0  done, or stopped with nothing cut off
  1  could not run, or stopping cut requests off
  2  wrong config or usage; nothing was started`;

/** Takes the exit code of a command that has run. */
export type Finished = (code: number) => void;
