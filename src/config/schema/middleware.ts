/** `middleware`: functions, which only a config in TypeScript can hold. */
import { any } from "valibot";
import { leaf } from "./leaf.ts";
import { REFUSED, type Schema } from "./run.ts";

export const middleware: Schema<readonly unknown[], readonly unknown[]> = leaf(
  any() as Schema<readonly unknown[], unknown>,
  "a list of Hono middleware (functions)",
  (value) =>
    Array.isArray(value) && value.every((item) => typeof item === "function")
      ? (value as readonly unknown[])
      : REFUSED,
);
