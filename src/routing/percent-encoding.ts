/** Percent-encoding (RFC 3986 §2.1) of values as they arrive and of text as it is written. */

const escapeByte = (code: number): string => `%${code.toString(16).toUpperCase().padStart(2, "0")}`;

const MUST_ESCAPE = /[^A-Za-z0-9\-._~!'()*]/gu;

/** Text of a config, as UTF-8. */
export const encodeText = (text: string): string => encodeURIComponent(text.toWellFormed());

/**
 * A value that a client sent, a character for each byte: the same bytes. Characters above 0xff, which only a runtime
 * that decodes fields by itself hands over, become UTF-8.
 */
export const encodeBytes = (value: string): string =>
  value.replaceAll(MUST_ESCAPE, (character) => {
    const code = character.charCodeAt(0);
    return code > 0xff ? encodeText(character) : escapeByte(code);
  });
