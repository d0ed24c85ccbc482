/** Single values of the config: text, numbers with bounds, units, names. */
import { boolean, number, string, union } from "valibot";
import { isFieldName, isFieldValue } from "../../http/headers.ts";
import { compileTemplate } from "../../routing/template.ts";
import type { DurationInput, SizeInput } from "../types.ts";
import { parseDuration, parseSize } from "../units.ts";
import { leaf } from "./leaf.ts";
import {
  DURATION,
  FIELD_NAME,
  FIELD_TEMPLATE,
  FIELD_VALUE,
  MEDIA_TYPE,
  PADDED,
  PORT,
  SIZE,
  TEXT,
} from "./patterns.ts";
import { type Looks, Refusal, REFUSED, type Schema } from "./run.ts";

/** What a text means, or why it means nothing. */
type ReadText<Output> = (text: string) => Output | Refusal;

const keepText = (text: string): string => text;

/** `$${` is a literal `${`; a bare `${` would be a variable, which only some values may hold. */
const literalText = (text: string): string | Refusal => {
  if (!text.includes("${")) return text;
  if (/(?<!\$)\$\{/.test(text)) {
    return new Refusal(
      'no variable can stand here; write "$${" for a literal "${"',
      "text without variables",
    );
  }
  return text.replaceAll("$${", "${");
};

/** Text without variables. */
export const text = <Output = string>(
  expects: string,
  read: ReadText<Output> = keepText as ReadText<Output>,
  looks: Looks = {},
): Schema<string, Output> =>
  leaf(
    string(),
    expects,
    (value) => {
      if (typeof value !== "string") return REFUSED;
      const literal = literalText(value);
      return literal instanceof Refusal ? literal : read(literal);
    },
    { pattern: TEXT, ...looks },
  );

/** A text with something in it. */
export const SOMETHING: Looks = { minLength: 1 };

/** What a compiler of the proxy says against a text, without the text itself, which stands in the problem already. */
export const because = (error: unknown): Refusal =>
  new Refusal(
    error instanceof Error ? error.message.replace(/^(?:path|host|value of header) "[^"]*":? /, "") : "",
  );

/** Text in which `${client.address}` and its like stand for values of the request. `read` sees it as written. */
export const template = (expects: string, read: ReadText<string>, looks: Looks): Schema<string, string> =>
  leaf(
    string(),
    expects,
    (value) => {
      if (typeof value !== "string") return REFUSED;
      if (value.includes("${")) {
        try {
          compileTemplate(value);
        } catch (error) {
          return because(error);
        }
      }
      return read(value);
    },
    looks,
  );

export const flag: Schema<boolean, boolean> = leaf(boolean(), "true or false", (value) =>
  typeof value === "boolean" ? value : REFUSED,
);

const wholeNumber = (minimum: number, maximum: number): Looks => ({ type: "integer", minimum, maximum });

/** A whole number. */
export const whole = (what: string, least: number, most: number): Schema<number, number> =>
  leaf(
    number(),
    `${what} from ${least} to ${most}`,
    (value) =>
      typeof value === "number" && Number.isInteger(value) && value >= least && value <= most
        ? value
        : REFUSED,
    wholeNumber(least, most),
  );

/** Share of traffic. Bounded as in Kubernetes' Gateway API. */
export const weight: Schema<number, number> = whole("a whole number", 0, 1_000_000);

/** 0 asks for any free port. A string is accepted because environments hold nothing else. */
export const listenPort: Schema<number | string, number> = leaf(
  union([number(), string()]),
  "a port number from 0 to 65535",
  (value) => {
    const port = typeof value === "string" && /^\d{1,5}$/.test(value) ? Number(value) : value;
    return typeof port === "number" && Number.isInteger(port) && port >= 0 && port <= 65_535 ? port : REFUSED;
  },
  { anyOf: [wholeNumber(0, 65_535), { type: "string", pattern: PORT }] },
);

/** Timers of every runtime hold 2³¹ - 1 ms. */
const LONGEST_MS = 2_147_483_647;

export const duration: Schema<DurationInput, number> = leaf(
  union([number(), string()]),
  'a duration such as 250 (milliseconds), "250ms", "10s", "5m", "1h" or "1d"',
  (value) => {
    const ms = parseDuration(value);
    if (ms === undefined) return REFUSED;
    return ms > LONGEST_MS ? new Refusal("", 'a duration of at most "24d"') : ms;
  },
  { anyOf: [wholeNumber(0, LONGEST_MS), { type: "string", pattern: DURATION }] },
);

const EXPECTED_SIZE = 'a size such as 65536 (bytes), "64KB", "64KiB" or "1MB"';

/** Bytes, at least `least`. */
export const size = (least: number): Schema<SizeInput, number> =>
  leaf(
    union([number(), string()]),
    EXPECTED_SIZE,
    (value) => {
      const bytes = parseSize(value);
      if (bytes === undefined) return REFUSED;
      return bytes < least ? new Refusal("", `a size of at least ${least} bytes`) : bytes;
    },
    { anyOf: [wholeNumber(least, Number.MAX_SAFE_INTEGER), { type: "string", pattern: SIZE }] },
  );

/** Bytes, or Infinity. */
export const bodySize: Schema<SizeInput, number> = leaf(
  union([number(), string()]),
  `${EXPECTED_SIZE}, or "unlimited"`,
  (value) => (value === "unlimited" ? Number.POSITIVE_INFINITY : (parseSize(value) ?? REFUSED)),
  { anyOf: [wholeNumber(0, Number.MAX_SAFE_INTEGER), { type: "string", pattern: `^unlimited$|${SIZE}` }] },
);

const STANDARD_METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

export const method: Schema<string, string> = text(
  'a method such as "GET"',
  (given) => {
    const upper = given.toUpperCase();
    if (given !== upper && STANDARD_METHODS.has(upper)) {
      return new Refusal(`methods are case-sensitive; did you mean "${upper}"?`);
    }
    return isFieldName(given) ? given : REFUSED;
  },
  { pattern: FIELD_NAME, not: { enum: [...STANDARD_METHODS].map((standard) => standard.toLowerCase()) } },
);

/** Name of a header field; read in lower case. */
export const fieldName: Schema<string, string> = text(
  'a header name such as "x-request-id"',
  (name) => (isFieldName(name) ? name.toLowerCase() : REFUSED),
  { pattern: FIELD_NAME },
);

const checkFieldValue: ReadText<string> = (value) =>
  isFieldValue(value)
    ? value
    : new Refusal("no line breaks or control characters, none beyond U+00FF, no space at the ends");

export const fieldValue: Schema<string, string> = text("a header value", checkFieldValue, {
  pattern: FIELD_VALUE,
  not: { pattern: PADDED },
});

/** Value of a header field that may hold variables. */
export const fieldTemplate: Schema<string, string> = template("a header value", checkFieldValue, {
  pattern: FIELD_TEMPLATE,
  not: { pattern: PADDED },
});

/** A media type, or all of a kind: `text/*`. */
export const mediaType: Schema<string, string> = text(
  'a media type such as "application/json" or "text/*"',
  (type) => (/^(?:\*\/\*|[\w!#$&^.+-]+\/(?:\*|[\w!#$&^.+-]+))$/.test(type) ? type.toLowerCase() : REFUSED),
  { pattern: MEDIA_TYPE },
);
