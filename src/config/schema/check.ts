/** Rules that several keys of one object must obey together. */
import * as v from "valibot";
import { isRecord, type Looks, step } from "./run.ts";

/** Tells of a problem at `keys` below the object. */
export type Complain = (message: string, ...keys: (string | number)[]) => void;

/** `action` with what JSON Schema can say of it. */
export const looking = <Action extends object>(
  action: Action,
  looks: Looks,
): Action & { readonly looks: Looks } => ({ ...action, looks });

/**
 * A check of a whole object, to stand in a pipe right behind it. Runs also where some keys are wrong already, so
 * that everything is reported at once: what is wrong is undefined in `value`, what is not given is not in it.
 * `looks` says of it what JSON Schema can.
 */
export const together = <Value extends object>(
  check: (value: Partial<Value>, complain: Complain) => void,
  looks: Looks = {},
): v.RawCheckAction<Value> =>
  looking(
    v.rawCheck<Value>(({ dataset, addIssue }) => {
      const { value } = dataset;
      if (!isRecord(value)) return;
      check(value as Partial<Value>, (message, ...keys) => {
        const [first, ...rest] = keys.map((key) => step(value, key));
        addIssue({ message, ...(first === undefined ? {} : { path: [first, ...rest] as [never] }) });
      });
    }),
    looks,
  );
