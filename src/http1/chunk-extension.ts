/** Chunk extensions (RFC 9112 §7.1.1), read byte by byte and ignored: only their form matters. */
import { isTokenByte } from "./characters.ts";

/** Where in the extensions a chunk's line is. */
export const Extension = {
  /** Behind a complete size or value. */
  after: 0,
  /** White space before a semicolon. */
  space: 1,
  nameStart: 2,
  name: 3,
  nameSpace: 4,
  valueStart: 5,
  value: 6,
  quoted: 7,
  escaped: 8,
  malformed: 9,
} as const;
export type Extension = (typeof Extension)[keyof typeof Extension];

const HTAB = 9;
const SPACE = 32;
const QUOTE = 34;
const SEMICOLON = 59;
const EQUALS = 61;
const BACKSLASH = 92;

const isBlank = (byte: number): boolean => byte === SPACE || byte === HTAB;

/** What may follow something complete: another extension, with or without white space in front. */
const follow = (byte: number): Extension => {
  if (byte === SEMICOLON) return Extension.nameStart;
  return isBlank(byte) ? Extension.space : Extension.malformed;
};

const inQuotes = (byte: number): Extension => {
  if (byte === QUOTE) return Extension.after;
  return byte === BACKSLASH ? Extension.escaped : Extension.quoted;
};

/** The state after one more byte, which is neither a control other than a tab nor the line's end. */
export const nextExtension = (state: Extension, byte: number): Extension => {
  switch (state) {
    case Extension.after:
      return follow(byte);
    case Extension.space:
      return isBlank(byte) ? state : byte === SEMICOLON ? Extension.nameStart : Extension.malformed;
    case Extension.nameStart:
      if (isBlank(byte)) return state;
      return isTokenByte(byte) ? Extension.name : Extension.malformed;
    case Extension.name:
      if (isTokenByte(byte)) return state;
      if (byte === EQUALS) return Extension.valueStart;
      return isBlank(byte) ? Extension.nameSpace : follow(byte);
    case Extension.nameSpace:
      if (byte === EQUALS) return Extension.valueStart;
      return isBlank(byte) ? state : follow(byte);
    case Extension.valueStart:
      if (isBlank(byte)) return state;
      if (byte === QUOTE) return Extension.quoted;
      return isTokenByte(byte) ? Extension.value : Extension.malformed;
    case Extension.value:
      return isTokenByte(byte) ? state : follow(byte);
    case Extension.quoted:
      return inQuotes(byte);
    case Extension.escaped:
      return Extension.quoted;
    default:
      return Extension.malformed;
  }
};

/** Whether the line may end in this state. */
export const mayEnd = (state: Extension): boolean =>
  state === Extension.after || state === Extension.name || state === Extension.value;
