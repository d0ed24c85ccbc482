/** Names and values of fields, looked at on the hot path: one table look-up a character, no allocation. */

/** Of `nameFlags`: some character is no token character (RFC 9110 §5.6.2), or there is none. */
export const NOT_A_TOKEN = 1;
const UNDERSCORE = 2;

const nameClasses = (): Uint8Array => {
  const classes = new Uint8Array(256).fill(NOT_A_TOKEN);
  for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^`|~") {
    classes[char.charCodeAt(0)] = 0;
  }
  classes[95] = UNDERSCORE;
  return classes;
};
const NAME_CLASS: Uint8Array = nameClasses();

/** What is odd about a field name; 0 for nothing. */
export const nameFlags = (name: string): number => {
  let flags = name.length === 0 ? NOT_A_TOKEN : 0;
  for (let i = 0; i < name.length; i++) flags |= NAME_CLASS[name.charCodeAt(i)] ?? NOT_A_TOKEN;
  return flags;
};

/** Bytes without controls other than a tab (RFC 9110 §5.5). White space around is the runtime's to trim. */
export const isSaneValue = (value: string): boolean => {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if ((code < 32 && code !== 9) || code === 127 || code > 255) return false;
  }
  return true;
};
