/** Human units: durations become milliseconds, sizes become bytes. */

const DURATION_UNITS: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

/** SI prefixes count in thousands, IEC prefixes in 1024s; looked up in lower case. */
const SIZE_UNITS: ReadonlyMap<string, number> = new Map([
  ["b", 1],
  ["kb", 1000],
  ["mb", 1000 ** 2],
  ["gb", 1000 ** 3],
  ["tb", 1000 ** 4],
  ["kib", 1024],
  ["mib", 1024 ** 2],
  ["gib", 1024 ** 3],
  ["tib", 1024 ** 4],
]);

const AMOUNT = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i;

const inUnits = (text: string, units: ReadonlyMap<string, number>): number | undefined => {
  const [, amount, unit] = AMOUNT.exec(text) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  const factor = unit === "" ? 1 : units.get(unit);
  if (factor === undefined) return undefined;
  const total = Number(amount) * factor;
  return Number.isSafeInteger(total) ? total : Math.round(total);
};

const plain = (value: number): number | undefined =>
  Number.isSafeInteger(value) && value >= 0 ? value : undefined;

/** Milliseconds of `250`, `"250ms"`, `"10s"`, `"1.5m"`, `"1h"`, `"1d"`; undefined when it is none of these. */
export const parseDuration = (value: unknown): number | undefined => {
  if (typeof value === "number") return plain(value);
  return typeof value === "string" ? inUnits(value, DURATION_UNITS) : undefined;
};

/** Bytes of `65536`, `"64KB"` (1000), `"64KiB"` (1024), `"1.5MB"`; units in any case. Undefined when it is none of these. */
export const parseSize = (value: unknown): number | undefined => {
  if (typeof value === "number") return plain(value);
  return typeof value === "string" ? inUnits(value.toLowerCase(), SIZE_UNITS) : undefined;
};

const SPELT_OUT: readonly (readonly [unit: string, spellings: RegExp])[] = [
  ["ms", /^(?:ms|msecs?|millis|milliseconds?)$/],
  ["s", /^(?:s|secs?|seconds?)$/],
  ["m", /^(?:m|mins?|minutes?)$/],
  ["h", /^(?:h|hrs?|hours?)$/],
  ["d", /^(?:d|days?)$/],
];

const partsOf = (value: unknown): readonly [amount: string, unit: string] | undefined => {
  const [, amount, unit] =
    (typeof value === "string" && /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/i.exec(value)) || [];
  return amount === undefined || unit === undefined ? undefined : [amount, unit.toLowerCase()];
};

/** What was probably meant by a text that is no duration, in quotes: `"10s"` for `10sec`. */
export const nearDuration = (value: unknown): string | undefined => {
  const [amount, unit = ""] = partsOf(value) ?? [];
  const meant = SPELT_OUT.find(([, spellings]) => spellings.test(unit));
  return meant && `"${amount}${meant[0]}"`;
};

/** What was probably meant by a text that is no size, in quotes: `"10MiB" or "10MB"` for `10M`. */
export const nearSize = (value: unknown): string | undefined => {
  const [amount, unit = ""] = partsOf(value) ?? [];
  if (/^bytes?$/.test(unit)) return `"${amount}B"`;
  const prefix = /^([kmgt])(?:i|bytes?)?$/.exec(unit)?.[1]?.toUpperCase();
  return prefix && `"${amount}${prefix}iB" or "${amount}${prefix}B"`;
};
