/** Decimals of a number of hundredths, as in `".07"`; `""` for none. */
const DECIMALS: readonly string[] = Array.from({ length: 100 }, (_, i) =>
  i === 0 ? "" : `.${String(i).padStart(2, "0").replace(/0$/, "")}`,
);

/** `value` rounded to a hundredth, as text. Whole numbers are written faster than fractions. */
export const hundredths = (value: number): string => {
  const rounded = Math.round(value * 100);
  if (!(rounded >= 0 && rounded < 1e15)) return String(rounded / 100);
  const rest = rounded % 100;
  return (rounded - rest) / 100 + (DECIMALS[rest] ?? "");
};
