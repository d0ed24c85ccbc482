/** Limits lines for operators that clients can cause again and again. */

const QUIET_MS = 60_000;

export type Notice = (line: string) => void;

/** Writes each line at most once a minute. */
export const notices = (write: Notice, now: () => number): Notice => {
  const writtenAt = new Map<string, number>();
  return (line) => {
    const time = now();
    if (time - (writtenAt.get(line) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return;
    writtenAt.set(line, time);
    write(line);
  };
};
