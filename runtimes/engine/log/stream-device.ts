/** Standard output and standard error as devices of a log. */
import { constants, fstatSync, openSync } from "node:fs";
import process from "node:process";
import { isatty } from "node:tty";
import type { Writable } from "node:stream";
import type { LogDevice } from "./buffered-output.ts";
import { writeAll, writePatiently } from "./write-bytes.ts";

/** A stream over a socket whose writes do not block. */
export type SocketStream = (fd: 1 | 2) => Writable;

/** The process's own stream. Not for Deno, where its writes block until the reader reads. */
export const processStream: SocketStream = (fd) => (fd === 1 ? process.stdout : process.stderr);

/**
 * A slow reader must block neither the process nor one of its threads.
 *
 * A pipe or a terminal is opened a second time, as non-blocking: the flag on the descriptor itself would make the writes of other
 * processes that share it fail. A socket can't be opened again. Files do not block for long.
 */
export const streamDevice = (fd: 1 | 2, socketStream: SocketStream): LogDevice => ({
  isTerminal: isatty(fd),
  gatherMs: GATHER_MS,
  write: writerFor(fd, socketStream),
  reopen: async () => {},
  close: async () => {},
});

const writerFor = (fd: 1 | 2, socketStream: SocketStream): LogDevice["write"] => {
  try {
    const stat = fstatSync(fd);
    if (stat.isSocket()) return streamWriter(socketStream(fd));
    if (stat.isFIFO() || stat.isCharacterDevice()) {
      const own = openSync(
        `/proc/self/fd/${fd}`,
        constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY,
      );
      return (bytes) => writePatiently(own, bytes);
    }
  } catch {
    // No /proc here: the runtime's threads write.
  }
  return (bytes) => writeAll(fd, bytes);
};

/** Short: people and other programs read along. */
const GATHER_MS = 20;

const ignore = (): void => {};

const streamWriter = (stream: Writable): LogDevice["write"] => {
  // Without a listener a failure would be an uncaught exception.
  stream.on("error", ignore);
  return (bytes) =>
    new Promise((resolve, reject) => {
      stream.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
};
