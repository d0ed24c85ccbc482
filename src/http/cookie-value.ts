/** One value out of a `Cookie` field, without parsing the rest. */

const isSpace = (code: number): boolean => code === 32 || code === 9;

/**
 * First value of the cookie called `name` (case-sensitive), as it stands: neither unquoted nor decoded
 * (RFC 6265 §5.4 gives quotes and escapes no meaning).
 *
 * @param field Value of a `Cookie` header field.
 * @returns undefined when no cookie has that name.
 */
export const cookieValue = (field: string, name: string): string | undefined => {
  let start = 0;
  while (start < field.length) {
    const cut = field.indexOf(";", start);
    let end = cut === -1 ? field.length : cut;
    const next = end + 1;
    while (start < end && isSpace(field.charCodeAt(start))) start++;
    while (end > start && isSpace(field.charCodeAt(end - 1))) end--;
    const equals = field.indexOf("=", start);
    if (equals === start + name.length && equals < end && field.startsWith(name, start)) {
      return field.slice(equals + 1, end);
    }
    start = next;
  }
  return undefined;
};
