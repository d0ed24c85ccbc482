/** Field pairs in the form that runtimes turn into `Headers` at the least cost. */
import type { HeaderPairs } from "../http/header-edits.ts";

/**
 * A record where no name occurs twice, else a list of pairs. Values of one name are kept apart (`Set-Cookie`), except that
 * cookies are one list joined by semicolons (RFC 6265 §5.4).
 */
export const headersOf = (pairs: HeaderPairs): HeadersInit => {
  const record: Record<string, string> = {};
  for (let i = 0; i < pairs.length; i += 2) {
    const name = (pairs[i] as string).toLowerCase();
    const value = pairs[i + 1] as string;
    const present = record[name];
    if (present === undefined && name !== "__proto__") record[name] = value;
    else if (name === "cookie" && present !== undefined) record[name] = `${present}; ${value}`;
    else return listOf(pairs);
  }
  return record;
};

const listOf = (pairs: HeaderPairs): [string, string][] => {
  const list: [string, string][] = [];
  let cookies: [string, string] | undefined;
  for (let i = 0; i < pairs.length; i += 2) {
    const entry: [string, string] = [pairs[i] as string, pairs[i + 1] as string];
    if (entry[0].toLowerCase() !== "cookie") list.push(entry);
    else if (cookies === undefined) list.push((cookies = entry));
    else cookies[1] += `; ${entry[1]}`;
  }
  return list;
};
