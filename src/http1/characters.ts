/** Characters that no head may hold, and the rule that each breaks. */

// oxlint-disable-next-line no-control-regex -- control characters are what this looks for
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|\r(?!\n)|(?<!\r)\n/;

/** The rule that the first forbidden character of a whole head breaks; undefined if there is none. */
export const forbiddenCharacter = (text: string): string | undefined => {
  const found = FORBIDDEN.exec(text)?.[0];
  if (found === undefined) return undefined;
  if (found === "\r") return "bare CR (RFC 9112 §2.2)";
  if (found === "\n") return "bare LF (RFC 9112 §2.2)";
  return found === "\0" ? "NUL in the head (RFC 9110 §5.5)" : "control character in the head (RFC 9110 §5.5)";
};
