/**
 * Masks values of queries. Clients choose what is read here, so each text is read from front to back, a bounded number of times:
 * what that takes grows with its length, whatever it holds.
 */

/** Replaces a secret. */
export const MASK = "***";

/** Whether the value of a name must not be shown. The name is not percent-encoded. */
export type IsMasked = (name: string) => boolean;

/**
 * Replaces values whose name is masked, and values that hold a user and password, or such a name and its value, themselves: as
 * a URL, a query or JSON, percent-encoded up to three times.
 *
 * @param query from its "?" or "#" on. Returned itself where there is nothing to mask.
 */
export const maskQuery = (query: string, isMasked: IsMasked): string => {
  let shown = "";
  /** How much of `query` is in `shown`. */
  let copied = 0;
  let start = 0;
  let equals = -1;
  /** Nothing in the present value can make it a URL, a query or JSON. */
  let isPlain = true;
  for (let at = 0; at <= query.length; at += 1) {
    const code = at === query.length ? AMPERSAND : query.charCodeAt(at);
    if (isPairEnd(code) || (code === QUESTION_MARK && equals === -1)) {
      const value = equals === -1 ? start : equals + 1;
      if (
        (start < equals && anyDecoding(query.slice(start, equals), isMasked)) ||
        (!isPlain && holdsCredential(query.slice(value, at), isMasked))
      ) {
        shown += query.slice(copied, value) + MASK;
        copied = at;
      }
      start = at + 1;
      equals = -1;
      isPlain = true;
    } else if (code === EQUALS && equals === -1) {
      equals = at;
      isPlain = true;
    } else if (code === PERCENT || code === EQUALS || code === AT || code === QUOTE) isPlain = false;
  }
  return copied === 0 ? query : shown + query.slice(copied);
};

/** User and password of URLs. */
export const withoutUserinfo = (text: string): string =>
  text.includes("@") ? text.replaceAll(USERINFO, MASK) : text;

/** Whether a value is itself a URL, a query or JSON with something to mask. */
export const holdsCredential = (value: string, isMasked: IsMasked): boolean =>
  anyDecoding(value, (text) => withoutUserinfo(text) !== text || namesCredential(text, isMasked));

/** Whether `holds` is true of `text`, or of what is left after decoding it up to three times. */
export const anyDecoding = (text: string, holds: (text: string) => boolean): boolean => {
  let current = text;
  for (let decodings = 0; !holds(current); decodings += 1) {
    const next = decodings === MOST_DECODINGS ? current : decoded(current);
    if (next === current) return false;
    current = next;
  }
  return true;
};

/** Proxies and logins put URLs into URLs into URLs. */
const MOST_DECODINGS = 3;

/** Takes linear time: a match begins behind "//" and holds no "/", so no text is searched twice. */
const USERINFO = /(?<=\/\/)[^\s/?#]*(?=@)/g;

const ENCODED = /%[\da-f]{2}/gi;

/** Byte for byte, as targets come in: malformed encodings are nothing to stop at. */
const decoded = (text: string): string => {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  return spaced.replaceAll(ENCODED, (byte) => String.fromCharCode(Number.parseInt(byte.slice(1), 16)));
};

const [AMPERSAND, SEMICOLON, HASH, QUESTION_MARK] = [0x26, 0x3b, 0x23, 0x3f];
const [EQUALS, COLON, PERCENT, AT, QUOTE, SPACE] = [0x3d, 0x3a, 0x25, 0x40, 0x22, 0x20];

const isPairEnd = (code: number): boolean => code === AMPERSAND || code === SEMICOLON || code === HASH;

/** Characters that end a name inside a value. */
const ENDS: ReadonlySet<number> = new Set(Array.from("&;#?/ \t\r\n\"'\\,{}()<>", (end) => end.charCodeAt(0)));

/** Looks for `name=` and `"name":`. */
const namesCredential = (text: string, isMasked: IsMasked): boolean => {
  let start = 0;
  /** Where the last name ended; -1 while it goes on. */
  let end = -1;
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === EQUALS || (code === COLON && isQuoted)) {
      const name = text.slice(start, end === -1 ? at : end);
      if (name !== "" && isMasked(name)) return true;
      start = at + 1;
      end = -1;
      isQuoted = false;
    } else if (ENDS.has(code)) {
      if (end === -1) end = at;
      isQuoted = code === QUOTE || (isQuoted && code === SPACE);
    } else if (end !== -1) {
      start = at;
      end = -1;
      isQuoted = false;
    }
  }
  return false;
};
