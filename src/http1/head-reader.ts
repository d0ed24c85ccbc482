/** Reads heads from a connection, each over as many reads as it takes. */
import { controlRule } from "./characters.ts";
import { FORBIDDEN, type HeadScan, MORE, TOO_MANY } from "./head-scan.ts";
import { type Refusal, type Refuse, isRefusal } from "./refusal.ts";

/** Decodes any bytes from `start` to `end`, a character a byte: a runtime's native way of it. */
export type Latin1 = (bytes: Uint8Array, start: number, end: number) => string;

/** How heads of one kind are read; holds no state of a connection, so one serves all. */
export interface HeadFormat<Head extends object> {
  readonly latin1: Latin1;
  readonly scan: HeadScan;
  readonly refuse: Refuse;
  /** Makes a head of a text that starts with it; the lines' ends are in `scan`. */
  readonly parse: (text: string) => Head | Refusal;
  /**
   * The same for a text that differs from that of `last`, a head of the same connection, in its first line
   * only, which ends at `lineEnd`. Undefined if that line makes a difference to the rest.
   */
  readonly parseAgain?: (text: string, lineEnd: number, last: Head) => Head | Refusal | undefined;
}

const EMPTY: Uint8Array = new Uint8Array(0);
const FIRST_KEPT_BYTES = 1024;
/** After so many heads in a row with other fields, a connection's heads are no longer compared. */
const MAX_MISSES = 4;

/**
 * Reads one head after the other. A head that comes in one piece is not copied; one in several is collected
 * up to the limit, at a cost that is linear in its bytes however many pieces there are.
 *
 * Guarantees: any split of the same bytes gives the same head or the same refusal, and what can't become a
 * head is refused with the byte that makes it so, without waiting for an end.
 */
export class HeadReader<Head extends object> {
  #format: HeadFormat<Head>;
  #kept: Uint8Array = EMPTY;
  #length = 0;
  #scanned = 0;
  #lines = 0;
  #end = 0;
  /** The last head, and its text from the end of the first line on. */
  #last: Head | undefined;
  #block = "";
  #misses = 0;

  constructor(format: HeadFormat<Head>) {
    this.#format = format;
  }

  /** Reads the next head in this way. Call it between heads only. */
  use(format: HeadFormat<Head>): void {
    if (format === this.#format) return;
    this.#format = format;
    this.forget();
  }

  /** Index after the head in the bytes pushed last. Set when `push` returns a head. */
  get end(): number {
    return this.#end;
  }

  /** Whether some bytes of a head have come, but not all. */
  get isInside(): boolean {
    return this.#length > 0;
  }

  /**
   * Takes the bytes from index `from` on. Returns the head; or why there is none, and the connection must
   * be closed; or undefined if more is needed, and all bytes were taken.
   */
  push(bytes: Uint8Array, from: number): Head | Refusal | undefined {
    if (this.#length > 0) return this.#continue(bytes, from);
    if (this.#last !== undefined) {
      const head = this.#repeat(bytes, from, this.#last);
      if (head !== undefined) return head;
    }
    const { scan } = this.#format;
    const end = scan.run(bytes, from, from);
    if (end >= 0) {
      this.#end = end + 4;
      return this.#parse(bytes, from, end + 4);
    }
    if (end !== MORE) return this.#refuse(bytes, end);
    this.#keep(bytes, from, bytes.length);
    this.#scanned = scan.at - from;
    this.#lines = scan.lines;
    return undefined;
  }

  #parse(bytes: Uint8Array, from: number, to: number): Head | Refusal {
    const { latin1, scan, parse, parseAgain } = this.#format;
    const text = latin1(bytes, from, to);
    const head = parse(text);
    const lineEnd = scan.lineEnds[0] as number;
    // Behind an empty line the first line that says something is part of the block.
    if (parseAgain !== undefined && lineEnd > 0 && this.#misses < MAX_MISSES && !isRefusal(head)) {
      this.#last = head;
      this.#block = text.slice(lineEnd);
    }
    return head;
  }

  /**
   * The head, if its fields equal the last head's byte for byte, as is common on kept connections: then only
   * the first line is read. The comparison is native and costs a tenth of reading the fields.
   */
  #repeat(bytes: Uint8Array, from: number, last: Head): Head | Refusal | undefined {
    const { latin1, scan, parseAgain } = this.#format;
    const lineEnd = scan.firstLine(bytes, from);
    const end = lineEnd + this.#block.length;
    // An empty line in front is not the first line of a head.
    if (lineEnd > from && end <= bytes.length && end - from - 4 <= scan.limitBytes) {
      const text = latin1(bytes, from, end);
      const head =
        text.slice(lineEnd - from) === this.#block ? parseAgain?.(text, lineEnd - from, last) : undefined;
      if (head !== undefined) {
        this.#misses = 0;
        this.#end = end;
        return head;
      }
    }
    this.#last = undefined;
    this.#misses++;
    return undefined;
  }

  /** Releases the last head, which is kept for comparison: for connections that go idle. */
  forget(): void {
    this.#last = undefined;
    this.#block = "";
  }

  #continue(bytes: Uint8Array, from: number): Head | Refusal | undefined {
    const { scan } = this.#format;
    const before = this.#length;
    this.#keep(bytes, from, Math.min(bytes.length, from + scan.limitBytes + 4 - before));
    const kept = this.#kept.subarray(0, this.#length);
    const end = scan.run(kept, 0, this.#scanned, this.#lines);
    if (end === MORE) {
      this.#scanned = scan.at;
      this.#lines = scan.lines;
      return undefined;
    }
    this.#kept = EMPTY;
    this.#length = 0;
    // Other connections have used the scratch space since this head began.
    scan.run(kept, 0, 0);
    if (end < 0) return this.#refuse(kept, end);
    this.#end = from + end + 4 - before;
    return this.#parse(kept, 0, end + 4);
  }

  #keep(bytes: Uint8Array, from: number, to: number): void {
    const length = this.#length + to - from;
    if (length > this.#kept.length) {
      const most = this.#format.scan.limitBytes + 4;
      const grown = new Uint8Array(Math.min(most, Math.max(length, this.#kept.length * 2, FIRST_KEPT_BYTES)));
      grown.set(this.#kept.subarray(0, this.#length));
      this.#kept = grown;
    }
    this.#kept.set(bytes.subarray(from, to), this.#length);
    this.#length = length;
  }

  #refuse(bytes: Uint8Array, result: number): Refusal {
    const { scan, refuse } = this.#format;
    if (result === FORBIDDEN) return refuse("bad-request", controlRule(bytes[scan.at] as number));
    if (result === TOO_MANY) return refuse("header-too-large", "too many header fields (RFC 6585 §5)");
    return scan.lines === 0
      ? refuse("target-too-long", "first line too long (RFC 9112 §3)")
      : refuse("header-too-large", "header section too large (RFC 6585 §5)");
  }
}
