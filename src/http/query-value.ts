/** One value out of a query string, without parsing the rest. */

/** Percent-decoded UTF-8, `+` as space; malformed escapes stay as they are, as the URL standard has it. */
const decode = (text: string): string => {
  if (!text.includes("%") && !text.includes("+")) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return new URLSearchParams(`v=${text}`).get("v") ?? "";
  }
};

const decodeBytes = (text: string): string =>
  text
    .replaceAll("+", " ")
    .replaceAll(/%[0-9A-Fa-f]{2}/g, (escape) => String.fromCharCode(Number.parseInt(escape.slice(1), 16)));

/** First value as it stands in the query. */
const encodedValue = (query: string, name: string): string | undefined => {
  let start = 1;
  while (start < query.length) {
    const cut = query.indexOf("&", start);
    const end = cut === -1 ? query.length : cut;
    const equals = query.indexOf("=", start);
    const nameEnd = equals === -1 || equals > end ? end : equals;
    if (end > start && decode(query.slice(start, nameEnd)) === name) {
      return nameEnd === end ? "" : query.slice(nameEnd + 1, end);
    }
    start = end + 1;
  }
  return undefined;
};

/**
 * First value of the parameter called `name` (case-sensitive), decoded; "" where it stands without `=`.
 *
 * @param query "" or starting with `?`.
 * @returns undefined when no parameter has that name.
 */
export const queryValue = (query: string, name: string): string | undefined => {
  const value = encodedValue(query, name);
  return value && decode(value);
};

/** The same as bytes, one character each, whatever they encode. */
export const queryBytes = (query: string, name: string): string | undefined => {
  const value = encodedValue(query, name);
  return value && decodeBytes(value);
};
