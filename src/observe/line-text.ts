/** Values as parts of a line: nothing that a client or an upstream sends can end the line, forge a field or steer a terminal. */
import type { LineBuffer } from "../core/line-buffer.ts";

/**
 * What lines have escaped beyond what JSON has to: further control characters (C1), line separators, marks of direction that make
 * a line look like another one, and surrogates.
 */
const BEYOND_JSON = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]/g;

const escape = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** `text` as a JSON string. */
const jsonText = (text: string): string => JSON.stringify(text).replaceAll(BEYOND_JSON, escape);

/** 1 for each ASCII code that `isPlain`. */
const table = (isPlain: (code: number) => boolean): Uint8Array =>
  Uint8Array.from({ length: 128 }, (_, code) => (isPlain(code) ? 1 : 0));

const [SPACE, QUOTE, BACKSLASH, DELETE] = [0x20, 0x22, 0x5c, 0x7f];
/** Printable, and not escaped in JSON. */
const PLAIN = table((code) => code >= SPACE && code < DELETE && code !== QUOTE && code !== BACKSLASH);
/** The same without the space. */
const BARE = table((code) => code !== SPACE && PLAIN[code] === 1);

/** Adds `text` as a JSON string. */
export const putJson = (line: LineBuffer, text: string): void => {
  if (!line.addPlain(text, PLAIN, QUOTE)) line.addText(jsonText(text));
};

/** Adds `text` as the value of `key=value`: as it is where it holds neither spaces nor quotes, else as a JSON string. */
export const putPair = (line: LineBuffer, text: string): void => {
  if (text === "" || !line.addPlain(text, BARE)) putJson(line, text);
};

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
