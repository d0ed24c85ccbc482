/**
 * Field values in workerd's notation: its `Headers` hold UTF-8 as decoded text. Cookie fields are joined as a list there,
 * which they are not.
 */
import type { HeaderPairs } from "../../src/http/header-edits.ts";
import type { FieldValues } from "../../src/web/field-values.ts";

// oxlint-disable-next-line no-control-regex -- all of ASCII is meant
const ASCII = /^[\u0000-\u007f]*$/;

/** Replaces bytes that were no UTF-8 and are lost. It stays in the value, so that the field is refused. */
const LOST = "\u{fffd}";

const asBytes = (text: string): string => {
  if (ASCII.test(text) || text.includes(LOST)) return text;
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return bytes;
};

const asText = (bytes: string): string => {
  if (ASCII.test(bytes)) return bytes;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      Uint8Array.from(bytes, (char) => char.charCodeAt(0)),
    );
  } catch {
    return bytes;
  }
};

/** Cookie fields that were joined as a list, as the pairs that they are (RFC 9113 §8.2.3). */
const asCookies = (list: string): string =>
  list.includes(", ") ? list.replaceAll(/, (?=[\w!#$%&'*+.^`|~-]+=)/g, "; ") : list;

const isAscii = (pairs: HeaderPairs): boolean => {
  for (let i = 1; i < pairs.length; i += 2) if (!ASCII.test(pairs[i] as string)) return false;
  return true;
};

const mapped = (pairs: HeaderPairs, value: (text: string) => string): HeaderPairs =>
  isAscii(pairs) ? pairs : pairs.map((text, index) => (index % 2 === 1 ? value(text) : text));

const withCookies = (pairs: HeaderPairs): HeaderPairs => {
  const at = pairs.indexOf("cookie");
  if (at === -1 || at % 2 === 1) return pairs;
  const cookies = asCookies(pairs[at + 1] as string);
  return cookies === pairs[at + 1] ? pairs : pairs.with(at + 1, cookies);
};

/** Of workerd. */
export const WORKERD_VALUES: FieldValues = Object.freeze({
  received: (pairs: HeaderPairs) => mapped(withCookies(pairs), asBytes),
  toSend: (pairs: HeaderPairs) => mapped(pairs, asText),
});
