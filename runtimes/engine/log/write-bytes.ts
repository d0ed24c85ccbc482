/** Writes all of some bytes to a descriptor, however many writes that takes. */
import { write, writeSync } from "node:fs";
import { setTimeout } from "node:timers";
import { errorCode } from "../../error-code.ts";

/** For files: a thread of the runtime waits for them. */
export const writeAll = async (fd: number, bytes: Uint8Array): Promise<void> => {
  for (let at = 0; at < bytes.byteLength;) {
    at += await new Promise<number>((resolve, reject) =>
      write(fd, bytes, at, bytes.byteLength - at, null, (error, written) =>
        error ? reject(error) : resolve(written),
      ),
    );
  }
};

/** Of a pipe, what is written in one piece or not at all (PIPE_BUF). */
const PIECE_BYTES = 4096;
const RETRY_MS = 20;

/**
 * For pipes and terminals that are open as non-blocking: waits without a thread while the reader is slow. Lines of up to 4 KiB are
 * not mixed with those of other processes.
 */
export const writePatiently = async (fd: number, bytes: Uint8Array): Promise<void> => {
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
