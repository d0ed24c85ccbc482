/** `100 Continue` responses that nobody asked for, taken out of a connection's bytes. */

/** Interim responses; what follows a 101 would be another protocol. */
const INTERIM = /^HTTP\/1\.[01] 1(?!01)\d\d[ \r]/;
const CONTINUE = /^HTTP\/1\.[01] 100[ \r]/;
/** Longest beginning in which that is to be told. */
const STATUS_BYTES = 13;
const END = "\r\n\r\n";
/** An interim response longer than this is left to the parser, which refuses it. */
const MAX_BYTES = 8 * 1024;
const LETTER_H = 72;
const DIGIT_1 = 49;

/**
 * A client must be able to skip them (RFC 9110 §15.2), any number and among others; undici drops the connection instead.
 * Other interim responses it passes on as such.
 */
export class InterimFilter {
  #atStart = false;
  #held: Buffer | undefined;

  /** The next bytes are the beginning of a response. */
  expectResponse(): void {
    this.#atStart = true;
    this.#held = undefined;
  }

  /** @returns what the parser may see; undefined while it is not yet clear */
  pass(bytes: Buffer): Buffer | undefined {
    if (!this.#atStart) return bytes;
    let rest = this.#held === undefined ? bytes : Buffer.concat([this.#held, bytes]);
    this.#held = undefined;
    let others: Buffer[] | undefined;
    while (rest.length > 0) {
      const end = mayBeInterim(rest) ? rest.indexOf(END) : undefined;
      if (end === undefined || (end === -1 && rest.length > MAX_BYTES)) {
        this.#atStart = false;
        return joined(others, rest);
      }
      if (end === -1) {
        this.#held = Buffer.from(rest);
        break;
      }
      const next = end + END.length;
      if (!CONTINUE.test(beginning(rest))) (others ??= []).push(rest.subarray(0, next));
      rest = rest.subarray(next);
    }
    return others && Buffer.concat(others);
  }
}

/** By far most responses are told by their tenth byte, the first digit of the status. */
const mayBeInterim = (bytes: Buffer): boolean => {
  if (bytes[0] !== LETTER_H) return false;
  if (bytes.length >= STATUS_BYTES) return bytes[9] === DIGIT_1 && INTERIM.test(beginning(bytes));
  const text = beginning(bytes).slice(0, 10);
  return "HTTP/1.1 1".startsWith(text) || "HTTP/1.0 1".startsWith(text);
};

const beginning = (bytes: Buffer): string => bytes.toString("latin1", 0, STATUS_BYTES);

const joined = (others: Buffer[] | undefined, rest: Buffer): Buffer =>
  others === undefined ? rest : Buffer.concat([...others, rest]);
