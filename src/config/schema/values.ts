/** Single values of the config: text, numbers with bounds, units, names. */
import { isFieldName, isFieldValue } from "../../http/headers.ts";
import { compileTemplate } from "../../routing/template.ts";
import { nearDuration, nearSize, parseDuration, parseSize } from "../units.ts";
import { orUnlimited } from "./forms.ts";
import { leaf } from "./leaf.ts";
import * as patterns from "./patterns.ts";
import { type JsonSchema, Refusal, REFUSED, type Schema, transformed } from "./schema.ts";

/** What a text means, or why it means nothing. */
type ReadText<Output> = (text: string) => Output | Refusal;

/** `$${` is a literal `${`; a bare `${` would be a variable, which only some values may hold. */
const literalText = (text: string): string | Refusal => {
  if (!text.includes("${")) return text;
  if (!/(?<!\$)\$\{/.test(text)) return text.replaceAll("$${", "${");
  return new Refusal('no variable can stand here; write "$${" for a literal "${"', {
    expected: "text without variables",
    isSafe: true,
  });
};

/** `text` so that none of it is a variable, where it is read as text. */
export const escaped = (text: string): string => text.split("${").join("$${");

const NO_VARIABLES: JsonSchema = { pattern: patterns.TEXT };

/** Text without variables. `output` is the TypeScript of what it means. */
export const text = <Output = string>(
  expects: string,
  read: ReadText<Output> = (given) => given as Output,
  json: JsonSchema = {},
  output = "string",
): Schema<Output> =>
  leaf(expects, {
    scalars: ["string"],
    read: (given: string) => {
      const literal = literalText(given);
      return literal instanceof Refusal ? literal : read(literal);
    },
    json: { type: "string", ...("pattern" in json ? { allOf: [NO_VARIABLES] } : NO_VARIABLES), ...json },
    output,
  });

/** Text that `pattern` describes, in the JSON Schema too, and of which `check` has nothing to say. */
export const like = (
  expects: string,
  pattern: string,
  check?: (text: string) => Refusal | undefined,
): Schema<string> => {
  const expression = new RegExp(pattern);
  return text(expects, (given) => (expression.test(given) ? (check?.(given) ?? given) : REFUSED), {
    pattern,
  });
};

/** A text that is not empty. */
export const nonEmpty = (expects: string): Schema<string> =>
  text(expects, (given) => (given === "" ? REFUSED : given), { minLength: 1 });

/** What a compiler of the proxy says against a text, without the text itself, which stands in the problem already. */
export const because = (error: unknown): Refusal =>
  new Refusal(
    error instanceof Error ? error.message.replace(/^(?:path|host|value of header) "[^"]*":? /, "") : "",
  );

/** Text that `compile` takes, or says why not. */
export const compiles =
  (compile: (text: string) => unknown): ReadText<string> =>
  (given) => {
    try {
      compile(given);
      return given;
    } catch (error) {
      return because(error);
    }
  };

const PARAMS = /(?<!\$)\$\{param\.([^}]*)\}/g;

/** Text in which `${client.address}` and its like stand for values of the request. `read` sees it as written. */
export const template = (expects: string, read: ReadText<string>, json: JsonSchema): Schema<string> => {
  const schema = leaf(expects, {
    scalars: ["string"],
    read: (given: string) => {
      const compiled = given.includes("${") ? compiles(compileTemplate)(given) : given;
      return compiled instanceof Refusal ? compiled : read(given);
    },
    json: { type: "string", allOf: [{ pattern: patterns.TEMPLATE }], ...json },
  });
  return transformed(schema, (given, reading) => {
    for (const [, name = ""] of given.matchAll(PARAMS)) reading.mention("param", name);
    return given;
  });
};

export const flag: Schema<boolean> = leaf("true or false", {
  scalars: ["boolean"],
  read: (value: boolean) => value,
  json: { type: "boolean" },
});

const between = (minimum: number, maximum: number): JsonSchema => ({ type: "integer", minimum, maximum });

/** A whole number. */
export const whole = (least: number, most: number, what = "a whole number"): Schema<number> =>
  leaf(`${what} from ${least} to ${most}`, {
    scalars: ["number"],
    read: (value: number) => (Number.isInteger(value) && value >= least && value <= most ? value : REFUSED),
    json: between(least, most),
  });

/** A number, not only whole ones. */
export const ratio = (least: number, most: number): Schema<number> =>
  leaf(`a number from ${least} to ${most}`, {
    scalars: ["number"],
    read: (value: number) => (value >= least && value <= most ? value : REFUSED),
    json: { type: "number", minimum: least, maximum: most },
  });

/** Share of traffic. Bounded as in Kubernetes' Gateway API. */
export const weight: Schema<number> = whole(0, 1_000_000);

/** A number from `least` to `most`, or a text like `pattern` that means one. */
const measure = (
  expects: string,
  [least, most, pattern, input]: readonly [least: number, most: number, pattern: string, input?: string],
  read: (value: number | string) => number | Refusal,
): Schema<number> =>
  leaf(expects, {
    scalars: ["number", "string"],
    read,
    json: { anyOf: [between(least, most), { type: "string", pattern }] },
    input: input ?? "number | string",
    output: "number",
  });

/** 0 asks for any free port. A text is accepted because environments hold nothing else. */
export const listenPort: Schema<number> = measure(
  "a port number from 0 to 65535",
  [0, 65_535, patterns.PORT],
  (value) => {
    const port = typeof value === "number" || /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN;
    return Number.isInteger(port) && port >= 0 && port <= 65_535 ? port : REFUSED;
  },
);

/** Refuses an amount that was probably meant as `near`. */
const didYouMean = (near: string | undefined): Refusal =>
  near === undefined ? REFUSED : new Refusal(`did you mean ${near}?`);

/** Timers of every runtime hold 2³¹ - 1 ms. */
const LONGEST_MS = 2_147_483_647;

const milliseconds = (least: number): Schema<number> =>
  measure(
    'a duration such as 250 (milliseconds), "250ms", "10s", "5m", "1h" or "1d"',
    [least, LONGEST_MS, patterns.DURATION, "DurationInput"],
    (value) => {
      const ms = parseDuration(value) ?? didYouMean(nearDuration(value));
      if (ms instanceof Refusal || (ms >= least && ms <= LONGEST_MS)) return ms;
      return new Refusal("", {
        expected: ms < least ? `a duration of at least "${least}ms"` : 'a duration of at most "24d"',
      });
    },
  );

/** Milliseconds. */
export const duration: Schema<number> = { ...milliseconds(0), unit: "Ms" };

/** Of what is done again and again, or can't be done in no time. */
export const positiveDuration: Schema<number> = { ...milliseconds(1), unit: "Ms" };

const SIZE = 'a size such as 65536 (bytes), "64KB", "64KiB" or "1MB"';
const MOST_BYTES = Number.MAX_SAFE_INTEGER;

/** Bytes, at least `least`. */
export const size = (least: number): Schema<number> =>
  measure(SIZE, [least, MOST_BYTES, patterns.SIZE, "SizeInput"], (value) => {
    const bytes = parseSize(value) ?? didYouMean(nearSize(value));
    return bytes instanceof Refusal || bytes >= least
      ? bytes
      : new Refusal("", { expected: `a size of at least ${least} bytes` });
  });

/** Bytes, or Infinity. */
export const bodySize: Schema<number> = orUnlimited(size(0));

const STANDARD_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

export const method: Schema<string> = text(
  'a method such as "GET"',
  (given) => {
    const upper = given.toUpperCase();
    if (given !== upper && STANDARD_METHODS.includes(upper)) {
      return new Refusal(`methods are case-sensitive; did you mean "${upper}"?`);
    }
    return isFieldName(given) ? given : REFUSED;
  },
  { pattern: patterns.FIELD_NAME, not: { enum: STANDARD_METHODS.map((standard) => standard.toLowerCase()) } },
);

export const HEADER_NAME = 'a header name such as "x-request-id"';

/** Name of a header field, read in lower case, if `refuse` has nothing against it. */
export const fieldName = (
  expects: string,
  refuse: (lowerName: string) => string | undefined = () => undefined,
  json: JsonSchema = {},
): Schema<string> =>
  text(
    expects,
    (given) => {
      if (!isFieldName(given)) return new Refusal("", { expected: HEADER_NAME });
      const name = given.toLowerCase();
      const against = refuse(name);
      return against === undefined ? name : new Refusal(against);
    },
    { pattern: patterns.FIELD_NAME, ...json },
  );

const readFieldValue: ReadText<string> = (value) =>
  isFieldValue(value)
    ? value
    : new Refusal("no line breaks or control characters, none beyond U+00FF, no space at the ends", {
        isSafe: true,
      });

const VALUE = { pattern: patterns.FIELD_VALUE };

export const fieldValue: Schema<string> = text("a header value", readFieldValue, VALUE);

/** Value of a header field that may hold variables. */
export const fieldTemplate: Schema<string> = template("a header value", readFieldValue, VALUE);
