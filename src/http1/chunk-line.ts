/** The line in front of each chunk: its size in hexadecimal, and extensions (RFC 9112 §7.1). */
import { controlRule, isControlByte } from "./characters.ts";
import { Extension, mayEnd, nextExtension } from "./chunk-extension.ts";

const MAX_LINE_BYTES = 4096;
/** Bytes of a line that count as its size. */
const SIZE_BYTES = 16;
/**
 * How many bytes all lines together may have beyond `SIZE_BYTES` each, plus two for each byte of content:
 * enough for signed chunks, too little for tiny chunks with long extensions, which cost more than they
 * carry.
 */
const MAX_WASTE_BYTES = 16_384;

const CR = 13;
const LF = 10;

/** Value of a hexadecimal digit, or -1. */
export const hexValue = (byte: number): number => {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 0x20;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
};

/** Reads such lines, one after the other, byte by byte. */
export class ChunkLine {
  /** The chunk's size so far. */
  size = 0;
  #digits = 0;
  #extension: Extension = Extension.after;
  #hasExtension = false;
  #sawCr = false;
  #bytes = 0;
  #waste = 0;
  #contentBytes = 0;

  /** Whether no byte of the line has come yet. */
  get isFresh(): boolean {
    return this.#bytes === 0;
  }

  /** Takes a byte. Returns true at the line's end, undefined inside it, else the rule that is broken. */
  push(byte: number): true | string | undefined {
    if (this.#sawCr) return byte === LF ? this.#finish() : controlRule(CR);
    if (byte === CR) return this.#carriageReturn();
    if (isControlByte(byte)) return `${controlRule(byte)} in a chunk's line`;
    if (++this.#bytes > MAX_LINE_BYTES) return "chunk line too long (RFC 9112 §7.1.1)";
    if (!this.#hasExtension) {
      const digit = hexValue(byte);
      if (digit >= 0) return this.#digit(digit);
      if (this.#digits === 0) return "chunk size is not hexadecimal (RFC 9112 §7.1)";
      this.#hasExtension = true;
    }
    this.#extension = nextExtension(this.#extension, byte);
    return this.#extension === Extension.malformed
      ? "malformed chunk size or extension (RFC 9112 §7.1)"
      : undefined;
  }

  #digit(digit: number): string | undefined {
    this.#digits++;
    this.size = this.size * 16 + digit;
    return this.size > Number.MAX_SAFE_INTEGER ? "chunk size too large (RFC 9112 §7.1)" : undefined;
  }

  #carriageReturn(): string | undefined {
    if (this.#digits === 0) return "chunk without a size (RFC 9112 §7.1)";
    if (!mayEnd(this.#extension)) return "malformed chunk extension (RFC 9112 §7.1.1)";
    this.#sawCr = true;
    return undefined;
  }

  #finish(): true | string {
    if (this.#bytes > SIZE_BYTES) this.#waste += this.#bytes - SIZE_BYTES;
    return this.#waste > MAX_WASTE_BYTES + 2 * this.#contentBytes
      ? "too many bytes in chunk extensions (RFC 9112 §7.1.1)"
      : true;
  }

  /** Makes ready for the next line, behind a chunk of that size. */
  reset(size: number): void {
    this.#contentBytes += size;
    this.size = 0;
    this.#digits = 0;
    this.#extension = Extension.after;
    this.#hasExtension = false;
    this.#sawCr = false;
    this.#bytes = 0;
  }
}
