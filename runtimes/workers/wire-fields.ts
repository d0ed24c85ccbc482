/**
 * Field values between two readings: workerd decodes and encodes them as UTF-8, everywhere else they are one character a
 * byte, as they were on the wire.
 */

// oxlint-disable-next-line no-control-regex -- all of ASCII is meant
const ASCII = /^[\u0000-\u007f]*$/;

/** Stands for bytes that were no UTF-8: nobody knows any more which. It is left in, so that the field is refused. */
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

/** Cookie fields that workerd has joined as a list, as the pairs that they are (RFC 9113 §8.2.3). */
const asCookies = (list: string): string => list.replaceAll(/, (?=[\w!#$%&'*+.^`|~-]+=)/g, "; ");

/** `pairs` (name, value, …) as they came. */
export const pairsAsReceived = (pairs: readonly string[]): readonly string[] =>
  pairs.map((text, index) =>
    index % 2 === 1 ? asBytes(pairs[index - 1] === "cookie" ? asCookies(text) : text) : text,
  );

/** `pairs` (name, value, …) as `fetch` is to get them. */
export const pairsToSend = (pairs: readonly string[]): readonly string[] => pairs.map(asText);
