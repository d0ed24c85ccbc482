/** Randomness from Web Crypto. */
import type { Random } from "../../src/core/platform.ts";

const ID_DIGITS = 32;
/** Drawn at a time. */
const IDS = 256;

const DIGITS = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));

const decoder = new TextDecoder();

/** Ids are drawn many at a time, as one text; the first draw comes with the first id, as Workers allow none earlier. */
export const webRandom = (): Random => {
  let bytes: Uint8Array<ArrayBuffer> | undefined;
  let digits: Uint8Array<ArrayBuffer> | undefined;
  let ids = "";
  let used = 0;
  const draw = (): string => {
    bytes = crypto.getRandomValues(bytes ?? new Uint8Array((IDS * ID_DIGITS) / 2));
    digits ??= new Uint8Array(IDS * ID_DIGITS);
    for (let index = 0; index < bytes.length; index += 1) {
      const byte = bytes[index] as number;
      digits[2 * index] = DIGITS[byte >> 4] as number;
      digits[2 * index + 1] = DIGITS[byte & 15] as number;
    }
    return decoder.decode(digits);
  };
  return {
    float: () => Math.random(),
    below: (bound) => Math.floor(Math.random() * bound),
    id() {
      if (used === ids.length) {
        ids = draw();
        used = 0;
      }
      const id = ids.slice(used, used + ID_DIGITS);
      used += ID_DIGITS;
      return id;
    },
  };
};
