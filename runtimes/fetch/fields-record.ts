/** Header fields as a record, which runtimes turn into their own form at the least price. */

/** `pairs` (name, value, …) by name; values of one name joined (RFC 9110 §5.3, RFC 6265 §5.4 for `cookie`). */
export const fieldsRecord = (pairs: readonly string[]): Record<string, string> => {
  const record: Record<string, string> = {};
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i] as string;
    const value = pairs[i + 1] as string;
    const present = record[name];
    if (present === undefined) record[name] = value;
    else if (Object.hasOwn(record, name)) record[name] = present + (name === "cookie" ? "; " : ", ") + value;
    else Object.defineProperty(record, name, { value, enumerable: true, writable: true, configurable: true });
  }
  return record;
};
