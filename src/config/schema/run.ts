/**
 * How the schema's own parts run within valibot's protocol, and how they say what is wrong.
 *
 * An issue with `expected` reads "expected …, found …", its message being a note behind that; one whose
 * `expected` is null has its whole sentence in the message.
 */
import type * as v from "valibot";

export type Schema<Input, Output> = v.GenericSchema<Input, Output>;
export type Run = Schema<unknown, unknown>["~run"];
export type Dataset = Parameters<Run>[0];
export type Issue = v.BaseIssue<unknown>;
export type PathItem = NonNullable<Issue["path"]>[number];

/** Keywords of JSON Schema that say what a schema's own type does not. They MUST take all that the schema takes. */
export type Looks = Readonly<Record<string, unknown>>;

/** Why a value is not accepted, where more can be said than what was expected. */
export class Refusal {
  readonly note: string;
  /** Instead of the schema's own expectation. */
  readonly expected: string | undefined;
  constructor(note: string, expected?: string) {
    this.note = note;
    this.expected = expected;
  }
}

/** For values that are simply not what was expected. */
export const REFUSED: Refusal = new Refusal("");

/** A key of an object, as a step of an issue's path. */
export const step = (input: unknown, key: string | number, origin: "key" | "value" = "value"): PathItem => ({
  type: "unknown",
  origin,
  input,
  key,
  value: undefined,
});

export const issueOf = (
  input: unknown,
  expected: string | null,
  message: string,
  path?: [PathItem, ...PathItem[]],
): Issue => ({
  kind: "schema",
  type: "config",
  input,
  expected,
  received: "",
  message,
  ...(path && { path }),
});

export const fail = (dataset: Dataset, issue: Issue): void => {
  const target = dataset as unknown as { typed?: boolean; issues?: Issue[] };
  target.typed = false;
  (target.issues ??= []).push(issue);
};

/** Runs `schema` on one member and files its issues under `key`; undefined where there are any. */
export const member = (
  dataset: Dataset,
  schema: Schema<unknown, unknown>,
  config: Parameters<Run>[1],
  key: string | number,
  value: unknown,
): unknown => {
  const inner = schema["~run"]({ value }, config);
  if (inner.issues === undefined) return inner.value;
  const item = step(dataset.value, key);
  for (const issue of inner.issues) {
    (issue as { path?: PathItem[] }).path = [item, ...(issue.path ?? [])];
    fail(dataset, issue);
  }
  return undefined;
};

export const settled = (dataset: Dataset, value: unknown): ReturnType<Run> => {
  const target = dataset as unknown as { typed?: boolean; value: unknown; issues?: Issue[] };
  target.typed = target.issues === undefined;
  target.value = value;
  return target as unknown as ReturnType<Run>;
};

export const refused = (dataset: Dataset, expected: string | null, note = ""): ReturnType<Run> => {
  fail(dataset, issueOf(dataset.value, expected, note));
  return dataset as unknown as ReturnType<Run>;
};

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
