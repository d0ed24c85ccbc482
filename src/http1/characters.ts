/** What the bytes of a message's head may be, and which rule a wrong one breaks. */

/** What a byte is to a token (RFC 9110 §5.6.2). */
export const NOT_TOKEN = 0;
export const UNDERSCORE = 2;

const tokenClasses = (): Uint8Array => {
  const classes = new Uint8Array(256);
  for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^`|~") {
    classes[char.charCodeAt(0)] = 1;
  }
  classes[95] = UNDERSCORE;
  return classes;
};

/** By byte: `NOT_TOKEN`, `UNDERSCORE`, or 1 for all other characters of a token. */
export const TOKEN_CLASS: Uint8Array = tokenClasses();

/** Whether a byte may be part of a token. */
export const isTokenByte = (byte: number): boolean => TOKEN_CLASS[byte] !== NOT_TOKEN;

/** Whether a byte is a control character other than a tab; CR and LF are. */
export const isControlByte = (byte: number): boolean => (byte < 32 ? byte !== 9 : byte === 127);

/** Whether a byte is white space that may stand around a value (OWS, RFC 9110 §5.6.3). */
export const isBlankByte = (byte: number): boolean => byte === 32 || byte === 9;

/** The rule that a control character breaks outside of a CRLF. */
export const controlRule = (byte: number): string => {
  if (byte === 13) return "bare CR (RFC 9112 §2.2)";
  if (byte === 10) return "bare LF (RFC 9112 §2.2)";
  return byte === 0 ? "NUL (RFC 9110 §5.5)" : "control character (RFC 9110 §5.5)";
};
