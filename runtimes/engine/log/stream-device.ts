/** Standard output and standard error as devices of a log. */
import { constants, fstatSync, openSync, writeSync } from "node:fs";
import process from "node:process";
import { setTimeout } from "node:timers";
import { isatty } from "node:tty";
import type { Writable } from "node:stream";
import { errorCode } from "../../error-code.ts";
import type { LogDevice } from "./buffered-output.ts";
import { writeAll } from "./file-device.ts";

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

/** Of a pipe, what is written in one piece or not at all (PIPE_BUF). */
const PIECE_BYTES = 4096;
const RETRY_MS = 20;

const writePatiently = async (fd: number, bytes: Uint8Array): Promise<void> => {
  for (let at = 0; at < bytes.byteLength;) {
    const written = writeOrWait(fd, bytes.subarray(at, pieceEnd(bytes, at)));
    if (written === undefined) await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
    else at += written;
  }
};

/** Undefined where there is no room. */
const writeOrWait = (fd: number, piece: Uint8Array): number | undefined => {
  try {
    return writeSync(fd, piece);
  } catch (thrown) {
    if (errorCode(thrown) === "EAGAIN") return undefined;
    throw thrown;
  }
};

const LINE_BREAK = 10;

/** Behind the last line that fits; a longer line is cut. */
const pieceEnd = (bytes: Uint8Array, at: number): number => {
  const most = Math.min(bytes.byteLength, at + PIECE_BYTES);
  if (most === bytes.byteLength) return most;
  const last = bytes.lastIndexOf(LINE_BREAK, most - 1);
  return last < at ? most : last + 1;
};
