/**
 * Lines of a log as UTF-8, made in the memory where they wait to be written. That memory is used again for later lines, and no string
 * is made of a line, which would be half a kilobyte of garbage for each request.
 */

const LEAST_BYTES = 1024;
/** Memory beyond this is let go once its lines are written. */
const MOST_KEPT_BYTES = 1024 * 1024;
/** From this many on, `set` is faster than a loop. */
const MANY_BYTES = 48;
/** UTF-8 needs at most this for a UTF-16 code unit. */
const BYTES_PER_UNIT = 3;
/** The largest number that is written digit by digit, and its digits. */
const [MOST_INTEGER, MOST_DIGITS] = [2 ** 31 - 1, 10];
const [LINE_BREAK, POINT, ZERO] = [0x0a, 0x2e, 0x30];
const ASCII = new Uint8Array(128).fill(1);

const encoder = new TextEncoder();

export class LineBuffer {
  #memory = new Uint8Array(LEAST_BYTES);
  /** Bytes of complete lines. */
  #complete = 0;
  /** The same, with the bytes of the line that was begun. */
  #length = 0;
  #lines = 0;

  /** Complete lines. */
  get lines(): number {
    return this.#lines;
  }

  /** Bytes of all complete lines, line breaks included. */
  get byteLength(): number {
    return this.#complete;
  }

  /** All complete lines, valid until the buffer is cleared or grows. */
  get bytes(): Uint8Array {
    return this.#memory.subarray(0, this.#complete);
  }

  /** Begins a line. One that was begun before and has not ended is dropped. */
  begin(): this {
    this.#length = this.#complete;
    return this;
  }

  /** Ends a line. */
  end(): void {
    this.#reserve(1);
    this.#memory[this.#length] = LINE_BREAK;
    this.#length += 1;
    this.#complete = this.#length;
    this.#lines += 1;
  }

  clear(): void {
    if (this.#memory.byteLength > MOST_KEPT_BYTES) this.#memory = new Uint8Array(LEAST_BYTES);
    this.#complete = 0;
    this.#length = 0;
    this.#lines = 0;
  }

  /** Bytes so far, with those of the line that was begun. */
  get length(): number {
    return this.#length;
  }

  /** A copy of what was added since there were `length` bytes. */
  addedSince(length: number): Uint8Array {
    return this.#memory.slice(length, this.#length);
  }

  /** Adds UTF-8. */
  addBytes(bytes: Uint8Array): void {
    const count = bytes.length;
    this.#reserve(count);
    const to = this.#memory;
    const at = this.#length;
    if (count >= MANY_BYTES) to.set(bytes, at);
    else for (let index = 0; index < count; index += 1) to[at + index] = bytes[index] as number;
    this.#length = at + count;
  }

  addText(text: string): void {
    if (this.addPlain(text, ASCII)) return;
    this.#reserve(text.length * BYTES_PER_UNIT);
    this.#length += encoder.encodeInto(text, this.#memory.subarray(this.#length)).written;
  }

  /**
   * Adds `text` if all its characters are plain.
   *
   * @param isPlain for each character code: whether it is plain, as 1; codes beyond the table are not
   * @param quote code of a character that is added before and after it; 0 is none
   * @returns false where a character is not plain; nothing is added then.
   */
  addPlain(text: string, isPlain: Uint8Array, quote = 0): boolean {
    const count = text.length;
    this.#reserve(count + 2);
    const to = this.#memory;
    let at = this.#length;
    if (quote !== 0) to[at++] = quote;
    for (let index = 0; index < count; index += 1) {
      const code = text.charCodeAt(index);
      if (isPlain[code] !== 1) return false;
      to[at++] = code;
    }
    if (quote !== 0) to[at++] = quote;
    this.#length = at;
    return true;
  }

  addNumber(value: number): void {
    // Arithmetic on 32-bit integers is several times as fast.
    if (value >= 0 && value <= MOST_INTEGER && value === (value | 0)) this.#addDigits(value | 0);
    else this.addText(String(value));
  }

  /** Adds `value` rounded to a hundredth, without zeros at its end. */
  addHundredths(value: number): void {
    const rounded = Math.round(value * 100);
    if (!(rounded >= 0 && rounded <= MOST_INTEGER)) {
      this.addText(String(rounded / 100));
      return;
    }
    const all = rounded | 0;
    const whole = (all / 100) | 0;
    const rest = all - 100 * whole;
    this.#addDigits(whole);
    if (rest === 0) return;
    const tenths = (rest / 10) | 0;
    const last = rest - 10 * tenths;
    this.#reserve(3);
    const to = this.#memory;
    const at = this.#length;
    to[at] = POINT;
    to[at + 1] = ZERO + tenths;
    to[at + 2] = ZERO + last;
    this.#length = at + (last === 0 ? 2 : 3);
  }

  #addDigits(value: number): void {
    this.#reserve(MOST_DIGITS);
    let count = 1;
    for (let rest = value; rest >= 10; rest = (rest / 10) | 0) count += 1;
    const to = this.#memory;
    const from = this.#length;
    let rest = value;
    for (let at = from + count - 1; at >= from; at -= 1) {
      const next = (rest / 10) | 0;
      to[at] = ZERO + (rest - 10 * next);
      rest = next;
    }
    this.#length = from + count;
  }

  #reserve(count: number): void {
    const least = this.#length + count;
    if (least <= this.#memory.length) return;
    const grown = new Uint8Array(Math.max(2 * this.#memory.length, least));
    grown.set(this.#memory.subarray(0, this.#length));
    this.#memory = grown;
  }
}
