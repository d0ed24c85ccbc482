/** What keys of one object must obey together: for the reader, and as far as JSON Schema can say it. */
import type { ConfigPath } from "../problem.ts";
import type { Mention } from "./reading.ts";
import type { JsonSchema } from "./schema.ts";

/** What a rule gets to see and say. */
export interface Keys {
  /** Whether somebody wrote a key, with a wrong value or under a misspelt name too. */
  readonly has: (key: string) => boolean;
  /** Names within the object that something must define. */
  readonly mentions: (kind: Mention["kind"]) => readonly Mention[];
  /** Says what is wrong at `path` below the object. */
  readonly complain: (message: string, ...path: ConfigPath) => void;
}

export interface KeyRule<Output> {
  /** Runs where some keys are wrong already too, so that everything is told at once: those are undefined in `given`. */
  readonly check: (given: Partial<Output>, keys: Keys) => void;
  readonly json?: JsonSchema;
}

const required = (...keys: readonly string[]): JsonSchema => ({ required: keys });

/** A rule about which of `keys` are there; it says `message` at `path` where `fits` does not take their number. */
const counted =
  (fits: (count: number) => boolean, json: (keys: readonly string[]) => JsonSchema) =>
  (keys: readonly string[], message: string, ...path: ConfigPath): KeyRule<object> => ({
    check: (_, { has, complain }) => {
      if (!fits(keys.filter(has).length)) complain(message, ...path);
    },
    json: json(keys),
  });

type Counted = (keys: readonly string[], message: string, ...path: ConfigPath) => KeyRule<object>;

export const exactlyOne: Counted = counted(
  (count) => count === 1,
  (keys) => ({ oneOf: keys.map((key) => required(key)) }),
);

export const atLeastOne: Counted = counted(
  (count) => count > 0,
  (keys) => ({ anyOf: keys.map((key) => required(key)) }),
);

export const notBoth: Counted = counted(
  (count) => count < 2,
  (keys) => ({ not: required(...keys) }),
);

type Given = Readonly<Record<string, unknown>>;

/** `key` with another key beside it; at `value` alone, where one is given. */
export const needs = (key: string, other: string, message: string, value?: string): KeyRule<object> => ({
  check: (given, { has, complain }) => {
    const applies = value === undefined ? has(key) : (given as Given)[key] === value;
    if (applies && !has(other)) complain(message, key);
  },
  json:
    value === undefined
      ? { dependencies: { [key]: [other] } }
      : { not: { ...required(key), properties: { [key]: { const: value } }, not: required(other) } },
});

/** Values of `key`: those that others have an effect with, those that they have none with. */
export interface Choice {
  readonly key: string;
  readonly among: readonly string[];
  readonly notAmong: readonly string[];
  /** Whether its default is among them. */
  readonly byDefault?: boolean;
}

/** `keys` that have an effect with some values of another key alone. A value that is wrong is not judged. */
export const onlyWith = (
  keys: readonly string[],
  { key, among, notAmong, byDefault = false }: Choice,
  message: string,
): KeyRule<object> => {
  const demand = {
    properties: { [key]: { not: { enum: notAmong } } },
    ...required(...(byDefault ? [] : [key])),
  };
  return {
    check: (given, { has, complain }) => {
      const value = (given as Given)[key];
      if (among.some((each) => each === value) || (value === undefined && has(key))) return;
      for (const each of keys.filter(has)) complain(message, each);
    },
    json: { dependencies: Object.fromEntries(keys.map((each) => [each, demand])) },
  };
};
