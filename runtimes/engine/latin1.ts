/** Bytes as text, a character a byte, by the runtimes' native way. */
import { Buffer } from "node:buffer";
import type { Latin1 } from "../../src/http1/head-reader.ts";

export const latin1: Latin1 = (bytes, start, end) =>
  (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).toString(
    "latin1",
    start,
    end,
  );
