/** Characters that no head may hold, and the rule that each breaks. */

/** What a byte is to a head. */
const TOKEN = 1;
const CONTROL = 2;

const byteClasses = (): Uint8Array => {
  const classes = new Uint8Array(256);
  classes.fill(CONTROL, 0, 32);
  classes[9] = 0;
  classes[127] = CONTROL;
  for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~") {
    classes[char.charCodeAt(0)] = TOKEN;
  }
  return classes;
};
const BYTE_CLASS: Uint8Array = byteClasses();

/** Whether a byte may be part of a token (RFC 9110 §5.6.2). */
export const isTokenByte = (byte: number): boolean => BYTE_CLASS[byte] === TOKEN;

/** Whether a byte is a control character other than a tab; CR and LF are. */
export const isControlByte = (byte: number): boolean => BYTE_CLASS[byte] === CONTROL;

/** The rule that a control character breaks outside of a CRLF. */
export const controlRule = (byte: number): string => {
  if (byte === 13) return "bare CR (RFC 9112 §2.2)";
  if (byte === 10) return "bare LF (RFC 9112 §2.2)";
  return byte === 0 ? "NUL (RFC 9110 §5.5)" : "control character (RFC 9110 §5.5)";
};

// oxlint-disable-next-line no-control-regex -- control characters are what this looks for
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|\r(?!\n)|(?<!\r)\n/;

/** The rule that the first forbidden character of a whole head breaks; undefined if there is none. */
export const forbiddenCharacter = (text: string): string | undefined => {
  const found = FORBIDDEN.exec(text)?.[0];
  return found === undefined ? undefined : controlRule(found.charCodeAt(0));
};
