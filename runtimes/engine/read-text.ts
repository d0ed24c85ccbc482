/** Reads text files, and nothing that never ends. */
import { Buffer } from "node:buffer";
import { open } from "node:fs/promises";

/** No config and no certificate is larger. */
const MOST_BYTES = 16 * 1024 * 1024;

const failed = (code: string, message: string): Error => Object.assign(new Error(message), { code });

/**
 * Rejects with the system's error; with the code "EFTYPE" for a device, and "EFBIG" for a file over 16 MiB. A pipe is read as far
 * as that.
 */
export const readText = async (path: string): Promise<string> => {
  const file = await open(path);
  try {
    const stats = await file.stat();
    if (stats.isDirectory()) throw failed("EISDIR", "a directory");
    if (!stats.isFile() && !stats.isFIFO()) throw failed("EFTYPE", "a device");
    const pieces: Buffer[] = [];
    let bytes = 0;
    for (;;) {
      const piece = Buffer.alloc(64 * 1024);
      const { bytesRead } = await file.read(piece, 0, piece.length, null);
      if (bytesRead === 0) return Buffer.concat(pieces).toString("utf8");
      bytes += bytesRead;
      if (bytes > MOST_BYTES) throw failed("EFBIG", "too large");
      pieces.push(piece.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
};
