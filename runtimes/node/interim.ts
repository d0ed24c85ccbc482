/** `100 Continue` responses that nobody asked for, taken out of a connection's bytes. */

const CONTINUE = /^HTTP\/1\.[01] 100[ \r]/;
/** Longest beginning in which that is to be told. */
const STATUS_BYTES = 13;
const END = "\r\n\r\n";
/** An interim response longer than this is left to the parser, which refuses it. */
const MAX_BYTES = 8 * 1024;
const LETTER_H = 72;

/**
 * A client must be able to skip them (RFC 9110 §15.2); undici drops the connection instead. Other interim responses it
 * passes on as such.
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
    while (rest.length > 0) {
      if (!mayBeContinue(rest)) {
        this.#atStart = false;
        return rest;
      }
      const end = rest.indexOf(END);
      if (end === -1) {
        if (rest.length > MAX_BYTES) return rest;
        this.#held = Buffer.from(rest);
        return undefined;
      }
      rest = rest.subarray(end + END.length);
    }
    return undefined;
  }
}

/** By far most responses are told by their tenth byte, the first digit of the status. */
const mayBeContinue = (bytes: Buffer): boolean => {
  if (bytes[0] !== LETTER_H) return false;
  if (bytes.length >= STATUS_BYTES) {
    return bytes[9] === 49 && CONTINUE.test(bytes.toString("latin1", 0, STATUS_BYTES));
  }
  const text = bytes.toString("latin1");
  return "HTTP/1.1 100 ".startsWith(text) || "HTTP/1.0 100 ".startsWith(text);
};
