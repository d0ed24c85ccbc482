/** Values as parts of a line: nothing that a client or an upstream sends can end the line, forge a field or steer a terminal. */

/**
 * What JSON has to escape, and besides: control characters beyond ASCII (C1), line separators, marks of direction that make a line
 * look like another one, and surrogates.
 */
const UNPLAIN =
  // oxlint-disable-next-line no-control-regex -- control characters are what this looks for
  /["\\\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]/;
const BEYOND_JSON = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]/g;

const escape = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** Whether `text` may stand in a JSON string as it is. */
const isPlainJson = (text: string): boolean => !UNPLAIN.test(text);

/** `text` as a JSON string. */
export const jsonText = (text: string): string =>
  isPlainJson(text) ? `"${text}"` : JSON.stringify(text).replaceAll(BEYOND_JSON, escape);

const BARE = /^[!#-[\]-~]+$/;

/** `text` as the value of `key=value`: as it is where it holds neither spaces nor quotes, else as a JSON string. */
export const pairText = (text: string): string => (BARE.test(text) ? text : jsonText(text));

const PLAIN_ASCII = /^[ !#-[\]-~]*$/;
const UNPLAIN_ASCII = /[^ !#-[\]-~]/g;

const hex = (char: string): string => {
  const code = char.charCodeAt(0);
  return code > 0xff
    ? `\\u${code.toString(16).toUpperCase().padStart(4, "0")}`
    : `\\x${code.toString(16).toUpperCase().padStart(2, "0")}`;
};

/** `text` within the quotes of the common format, escaped as nginx does. */
export const commonText = (text: string): string =>
  PLAIN_ASCII.test(text) ? text : text.replaceAll(UNPLAIN_ASCII, hex);
