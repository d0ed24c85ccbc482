import { expect, it } from "vitest";
import { hundredths } from "../../../src/observe/hundredths.ts";

it.each([
  0,
  0.004,
  0.005,
  0.1,
  0.25,
  1,
  1.005,
  9.999,
  10.07,
  123.4,
  1e6 + 0.01,
  1e14,
  1e20,
  -0.25,
  Number.NaN,
])("writes %d as a number does that was rounded to hundredths", (value) => {
  expect(hundredths(value)).toBe(String(Math.round(value * 100) / 100));
});
