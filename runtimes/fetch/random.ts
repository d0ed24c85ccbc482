/** Randomness from Web Crypto. */
import type { Random } from "../../src/core/platform.ts";

const ID_BYTES = 16;
const BUFFERED_BYTES = 4096;

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Ids are drawn many at a time; the first draw comes with the first id, as Workers allow none earlier. */
export const webRandom = (): Random => {
  let bytes: Uint8Array<ArrayBuffer> | undefined;
  let used = BUFFERED_BYTES;
  return {
    float: () => Math.random(),
    below: (bound) => Math.floor(Math.random() * bound),
    id() {
      if (bytes === undefined || used === BUFFERED_BYTES) {
        bytes = crypto.getRandomValues(bytes ?? new Uint8Array(BUFFERED_BYTES));
        used = 0;
      }
      let id = "";
      for (const end = used + ID_BYTES; used < end; used++) id += HEX[bytes[used] ?? 0] ?? "";
      return id;
    },
  };
};
