/** What may stand at one place of a config: how it is read, and what everything else is derived from. */
import type { Capability } from "../../core/capability.ts";
import type { ConfigPath } from "../problem.ts";
import type { Reading } from "./reading.ts";

export type JsonSchema = Readonly<Record<string, unknown>>;

/** What a place takes besides objects and lists, as text from an environment may spell it. */
export type Scalar = "string" | "number" | "boolean";

/** One place's values. The optional members say what may stand below, all forms of a value in one. */
export interface Schema<Output = unknown> {
  /** Ends the sentence "expected …". */
  readonly expects: string;
  /** TypeScript of what people write and of what the proxy reads. */
  readonly types: { readonly input: string; readonly output: string };
  /** JSON Schema (draft 7) of what people write. It MUST take all that `read` takes. */
  readonly json: JsonSchema;
  /** The same for names, which hold no references. */
  readonly bare?: JsonSchema | undefined;
  /** Whether a value is of the right type, whatever else is wrong with it. */
  readonly takes: (value: unknown) => boolean;
  /** What a value means. Undefined where something is wrong with it, which is told to `reading`. */
  readonly read: (value: unknown, reading: Reading) => Output | undefined;
  readonly scalars: readonly Scalar[];
  /** What the proxy's name of a setting of this kind ends in: "Ms". */
  readonly unit?: string | undefined;
  /** Keys of an object. */
  readonly settings?: Settings | undefined;
  /** Values of an object whose keys are the user's choice. */
  readonly item?: Schema | undefined;
  /** Items of a list. */
  readonly element?: Schema | undefined;
  /** Of several forms all of them. */
  readonly forms?: readonly Schema[] | undefined;
  /** The long form of a short one; any other value as it is. */
  readonly expand?: ((value: unknown) => unknown) | undefined;
  /** The key of the long form that short forms stand for. */
  readonly shortKey?: string | undefined;
  /** Whether a value must never be shown. For a map: whether the values of credential names must not. */
  readonly isSecret?: ((value: unknown) => boolean) | "credentials" | undefined;
  /** Name of the interface that is generated for an object, and the file that has it already. */
  readonly declares?: { readonly name: string; readonly from?: string | undefined } | undefined;
  /** Keys that begin so are left alone. */
  readonly ignores?: string | undefined;
  /** Whether any key at or below it had another name before. */
  readonly hasFormerNames?: boolean | undefined;
}

/** One key of an object. */
export interface Setting {
  readonly schema: Schema;
  /** One sentence for the docs. */
  readonly about: string;
  readonly isRequired: boolean;
  /** What counts where nothing is written. */
  readonly default: unknown;
  /** Its name in the config that the proxy reads, where that is not the key and the unit; "" where it has none. */
  readonly as: string | undefined;
  /** Whether there is always a value in the end, though nothing is written. */
  readonly isFilled: boolean;
  /** What it takes to honour it: always, or as its value says. A default asks for nothing. */
  readonly needs: Capability | ((written: unknown) => readonly Capability[]) | undefined;
  /** Names that it had before, which are still taken. */
  readonly formerly: readonly string[];
  /** Names that people try for it, which were never taken. */
  readonly mistakenFor: readonly string[];
}

export type Settings = Readonly<Record<string, Setting>>;

/** `schema`, whose values mean something more; `types` where they are others. */
export const transformed = <From, To>(
  schema: Schema<From>,
  change: (output: From, reading: Reading) => To | undefined,
  types: Partial<Schema["types"]> = {},
): Schema<To> => ({
  ...schema,
  types: { ...schema.types, ...types },
  read: (value, reading) => {
    const output = schema.read(value, reading);
    return output === undefined ? undefined : change(output, reading);
  },
});

/** The name of `setting`, whose key is `key`, in the config that the proxy reads. */
export const outputName = (key: string, { as, schema }: Setting): string => as ?? key + (schema.unit ?? "");

/** The schema of the member `key`, if one may stand there. */
export const memberOf = ({ settings, item, element }: Schema, key: string | number): Schema | undefined => {
  if (typeof key === "number") return element;
  return settings !== undefined && Object.hasOwn(settings, key) ? settings[key]?.schema : item;
};

/** The schema of what stands at `path`. */
export const schemaAt = (schema: Schema, path: ConfigPath): Schema | undefined =>
  path.reduce<Schema | undefined>((at, key) => at && memberOf(at, key), schema);

/** The name of the key that is called `name`, perhaps by a former name. */
export const presentName = ({ settings = {} }: Schema, name: string): string =>
  Object.hasOwn(settings, name)
    ? name
    : (Object.keys(settings).find((key) => settings[key]?.formerly.includes(name)) ?? name);

/** Tells of a place whether `test` holds for its schema, or for one of a place below it. */
export const atOrBelow = (test: (schema: Schema) => boolean): ((schema: Schema | undefined) => boolean) => {
  const known = new Map<Schema, boolean>();
  const holds = (schema: Schema | undefined): boolean => {
    if (schema === undefined) return false;
    let result = known.get(schema);
    if (result === undefined) {
      const { settings = {}, item, element } = schema;
      const inner = [item, element, ...Object.values(settings).map((setting) => setting.schema)];
      result = test(schema) || inner.some(holds);
      known.set(schema, result);
    }
    return result;
  };
  return holds;
};

/** The long form of `value`. */
export const longForm = (schema: Schema | undefined, value: unknown): unknown =>
  schema?.expand === undefined ? value : schema.expand(value);

/** Why a value is not accepted, where more can be said than what was expected. */
export class Refusal {
  readonly note: string;
  /** Instead of the schema's own expectation. */
  readonly expected: string | undefined;
  /** Whether the note holds nothing of the value, so that it may be shown beside a secret. */
  readonly isSafe: boolean;
  constructor(note = "", { expected, isSafe = false }: { expected?: string; isSafe?: boolean } = {}) {
    this.note = note;
    this.expected = expected;
    this.isSafe = isSafe;
  }
}

/** For values that are simply not what was expected. */
export const REFUSED: Refusal = new Refusal();
