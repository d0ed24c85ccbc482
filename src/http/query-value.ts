/** One value out of a query string, without parsing the rest. */

/** Percent-decoded, `+` as space; malformed escapes stay as they are, as the URL standard has it. */
const decode = (text: string): string => {
  if (!text.includes("%") && !text.includes("+")) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return new URLSearchParams(`v=${text}`).get("v") ?? "";
  }
};

/**
 * First value of the parameter called `name` (case-sensitive), decoded; "" where it stands without `=`.
 *
 * @param query "" or starting with `?`.
 * @returns undefined when no parameter has that name.
 */
export const queryValue = (query: string, name: string): string | undefined => {
  let start = 1;
  while (start < query.length) {
    const cut = query.indexOf("&", start);
    const end = cut === -1 ? query.length : cut;
    const equals = query.indexOf("=", start);
    const nameEnd = equals === -1 || equals > end ? end : equals;
    if (end > start && decode(query.slice(start, nameEnd)) === name) {
      return nameEnd === end ? "" : decode(query.slice(nameEnd + 1, end));
    }
    start = end + 1;
  }
  return undefined;
};
