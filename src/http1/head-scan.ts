/**
 * Finds the end of a head and of its lines in bytes, and proves that there is no control character in it
 * but tabs and the CRLF of each line. The one pass that touches every byte of a head, so it looks at four
 * at a time.
 */
import { isControlByte } from "./characters.ts";

/** The head goes on behind the bytes that there are. */
export const MORE = -1;
/** There is a control character at `HeadScan.at`. */
export const FORBIDDEN = -2;
/** The head is longer than the limit. */
const TOO_LONG = -3;
/** The head has more lines than the limit. */
export const TOO_MANY = -4;

const CR = 13;
const LF = 10;

/**
 * Not 0 if one of the four bytes of a word is below 0x20 or is 0x7f. Works on all four at once: a difference
 * borrows into the highest bit of a byte that is smaller than what is taken away.
 */
const controls = (word: number): number => {
  const del = word ^ 0x7f7f7f7f;
  return (((word - 0x20202020) & ~word) | ((del - 0x01010101) & ~del)) & 0x80808080;
};

/** Index of the first control character other than a tab at or after `from`, or `stop`. */
const skipPlain = (view: DataView, bytes: Uint8Array, from: number, stop: number): number => {
  const offset = bytes.byteOffset;
  const last = stop - 4;
  let i = from;
  while (i <= last && controls(view.getInt32(offset + i, true)) === 0) i += 4;
  while (i < stop && !isControlByte(bytes[i] as number)) i++;
  return i;
};

/**
 * Scratch space for scanning heads; one can serve all connections of a thread, as a scan is over before it
 * returns.
 */
export class HeadScan {
  readonly limitBytes: number;
  /** By line, from the head's start: where it ends. */
  readonly lineEnds: Int32Array;
  /** Number of lines that have ended. */
  lines = 0;
  /** Where the scan stopped, and a later one goes on if it needs more. */
  at = 0;
  /**
   * Of the buffer that was scanned last: reads mostly come in the same one, and making a view takes 50 ns.
   */
  #view: DataView = new DataView(new ArrayBuffer(0));

  /**
   * @param limitBytes how long a head may be, without the empty line that ends it.
   * @param maxLines how many lines it may have.
   */
  constructor(limitBytes: number, maxLines: number) {
    this.limitBytes = limitBytes;
    this.lineEnds = new Int32Array(maxLines);
  }

  /**
   * Scans the head that starts at `from`, from index `at` on, which is `from` or where an earlier scan
   * stopped, with `linesBefore` lines in front; where lines end is known only after a scan of the whole. Returns
   * the index of the CRLFCRLF that ends it, or `MORE`, `FORBIDDEN`, `TOO_LONG` or `TOO_MANY`. Which of them
   * doesn't depend on how many of the bytes are there already, except for `MORE`.
   */
  run(bytes: Uint8Array, from: number, at: number, linesBefore = 0): number {
    const most = from + this.limitBytes + 4;
    const stop = bytes.length < most ? bytes.length : most;
    const view = this.#viewOf(bytes);
    const { lineEnds } = this;
    let lines = linesBefore;
    let i = at;
    for (;;) {
      i = skipPlain(view, bytes, i, stop);
      // Two bytes behind a line's end, or four behind the head's, decide which it is.
      if (i + 4 > stop && mayEnd(bytes, i, stop)) {
        this.at = i;
        this.lines = lines;
        return stop === most ? TOO_LONG : MORE;
      }
      if (bytes[i] !== CR || bytes[i + 1] !== LF) return this.#forbidden(i);
      if (lines === lineEnds.length) return TOO_MANY;
      lineEnds[lines] = i - from;
      lines++;
      i += 2;
      if (bytes[i] !== CR) continue;
      this.lines = lines;
      return bytes[i + 1] === LF ? i - 2 : this.#forbidden(i);
    }
  }

  /**
   * Index of the first control character other than a tab in the head that starts at `from`: of its first
   * line's end.
   */
  firstLine(bytes: Uint8Array, from: number): number {
    const most = from + this.limitBytes;
    return skipPlain(this.#viewOf(bytes), bytes, from, bytes.length < most ? bytes.length : most);
  }

  #viewOf(bytes: Uint8Array): DataView {
    if (bytes.buffer !== this.#view.buffer) this.#view = new DataView(bytes.buffer);
    return this.#view;
  }

  #forbidden(at: number): number {
    this.at = at;
    return FORBIDDEN;
  }
}

/** Whether the less than four bytes from `i` on may become the end of a line and of the head. */
const mayEnd = (bytes: Uint8Array, i: number, stop: number): boolean => {
  if (i === stop) return true;
  if (bytes[i] !== CR) return false;
  if (i + 1 === stop) return true;
  if (bytes[i + 1] !== LF) return false;
  return i + 2 === stop || bytes[i + 2] === CR;
};
