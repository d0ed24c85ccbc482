/** Node's randomness. */
import { randomFillSync } from "node:crypto";
import type { Random } from "../../src/core/platform.ts";

const BUFFERED_BYTES = 4096;
const ID_BYTES = 16;

/** Ids are drawn from the system's generator, many at a time: one call for each id would cost more than the rest of it. */
export const nodeRandom = (): Random => {
  const bytes = Buffer.alloc(BUFFERED_BYTES);
  let used = BUFFERED_BYTES;
  return {
    float: () => Math.random(),
    below: (bound) => Math.floor(Math.random() * bound),
    id() {
      if (used === BUFFERED_BYTES) {
        randomFillSync(bytes);
        used = 0;
      }
      const start = used;
      used += ID_BYTES;
      return bytes.toString("hex", start, used);
    },
  };
};
