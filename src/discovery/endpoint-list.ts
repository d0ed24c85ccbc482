/** Lists of endpoints as files and servers write them. */
import type { FoundEndpoint } from "../core/endpoint-source.ts";

/**
 * Reads JSON: an array of URLs or of objects with `url` and, where wanted, `weight`, `priority`, `zone` and `region`; or an
 * object with such an array in `endpoints`.
 *
 * @throws TypeError with what is wrong and where. One wrong entry makes the whole list wrong: half a list would move all
 * traffic to that half.
 */
export const readEndpointList = (text: string): readonly FoundEndpoint[] => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TypeError("the list is not JSON", { cause });
  }
  const entries = isRecord(value) ? value["endpoints"] : value;
  if (!Array.isArray(entries))
    throw new TypeError('expected an array, or an object with an array in "endpoints"');
  return entries.map((entry: unknown, i) => readEntry(entry, `endpoint ${i + 1}`));
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const readEntry = (entry: unknown, where: string): FoundEndpoint => {
  if (typeof entry === "string") return { url: readUrl(entry, where) };
  if (!isRecord(entry)) throw new TypeError(`${where}: expected a URL, or an object with "url"`);
  return {
    url: readUrl(entry["url"], where),
    weight: readNumber(entry["weight"], MOST_WEIGHT, `${where}, weight`),
    priority: readNumber(entry["priority"], LAST_TIER, `${where}, priority`),
    zone: readText(entry["zone"], `${where}, zone`),
    region: readText(entry["region"], `${where}, region`),
  };
};

const readUrl = (value: unknown, where: string): string => {
  if (
    typeof value === "string" &&
    /^https?:\/\/[^/?#@\s]+(?:\/[^?#\s]*)?$/.test(value) &&
    URL.canParse(value)
  ) {
    return value;
  }
  throw new TypeError(`${where}: expected a URL such as "http://10.0.0.1:3000"`);
};

/** Bounds as in the config: sums of weights stay numbers. */
const MOST_WEIGHT = 1_000_000;
const LAST_TIER = 100;

const readNumber = (value: unknown, most: number, where: string): number | undefined => {
  if (value === undefined) return undefined;
  if (typeof value === "number" && value >= 0 && value <= most) return value;
  throw new TypeError(`${where}: expected a number from 0 to ${most}`);
};

const readText = (value: unknown, where: string): string | undefined => {
  if (value === undefined || typeof value === "string") return value;
  throw new TypeError(`${where}: expected a text`);
};
