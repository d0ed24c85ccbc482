/** `routes[].match`: which requests a route takes. */
import * as v from "valibot";
import type { PathMatch, RouteMatch, ValueMatch } from "../../routing/match.ts";
import { compilePath } from "../../routing/path-matcher.ts";
import { compileRegex } from "../../routing/regex.ts";
import type { RouteMatchInput, ValueMatchInput } from "../match-types.ts";
import { hostPattern, readPath } from "./addresses.ts";
import { together } from "./check.ts";
import { mapOf, oneOrMany } from "./collections.ts";
import { formOf } from "./forms.ts";
import { leaf } from "./leaf.ts";
import { object, optional } from "./object.ts";
import { PATH, PATH_PATTERN } from "./patterns.ts";
import { isRecord, type Looks, Refusal, REFUSED, type Schema } from "./run.ts";
import { fieldName, method, SOMETHING, text } from "./values.ts";

const readPrefix = (given: string): PathMatch | Refusal => {
  const value = readPath(given);
  if (value instanceof Refusal) return value;
  return { kind: "prefix", value: value.length > 1 && value.endsWith("/") ? value.slice(0, -1) : value };
};

const readPattern = (given: string): PathMatch | Refusal => {
  const value = readPath(given);
  if (value instanceof Refusal) return value;
  const names = new Set<string>();
  const segments = value.split("/");
  for (const segment of segments) {
    if (segment === "*") continue;
    if (segment.includes("*"))
      return new Refusal('"*" can only be a whole segment, as in "/v1/*"; a regex can match parts of one');
    if (!segment.startsWith(":")) continue;
    const name = segment.slice(1);
    if (!/^[A-Za-z]\w*$/.test(name))
      return new Refusal("a parameter is named with a letter, then letters, digits and _");
    if (names.has(name)) return new Refusal("two parameters have the same name");
    names.add(name);
  }
  return { kind: "pattern", value };
};

const readExact = (given: string): PathMatch | Refusal => {
  const value = readPath(given);
  return value instanceof Refusal ? value : { kind: "exact", value };
};

const EXPRESSION = "a regular expression (RE2)";

const readPathRegex = (value: string): PathMatch | Refusal => {
  const match: PathMatch = { kind: "regex", value };
  try {
    compilePath(match);
    return match;
  } catch (error) {
    return new Refusal(error instanceof Error ? error.message : "");
  }
};

const readShort = (given: string): PathMatch | Refusal => {
  if (/\/:/.test(given)) return readPattern(given);
  if (given.endsWith("/*") && !given.slice(0, -1).includes("*")) return readPrefix(given.slice(0, -1));
  return given.includes("*") ? readPattern(given) : readExact(given);
};

const PATHS = 'a path such as "/login", "/v1/*" or "/users/:id"';

const shortPath = text(PATHS, readShort, { pattern: PATH_PATTERN });
type LongPath = Exclude<NonNullable<RouteMatchInput["path"]>, string>;

const ONE_KEY: Looks = { minProperties: 1, maxProperties: 1 };

interface PathForms {
  readonly exact?: string;
  readonly prefix?: string;
  readonly pattern?: string;
  readonly regex?: string;
}

const PATH_REGEX =
  "An expression for the whole path, percent-encoded as it is forwarded. Named groups, `(?<id>\\d+)`, are parameters. Comes after exact paths and before patterns and prefixes.";

const longPath = v.pipe(
  object<PathForms>("an object with one of exact, prefix, pattern or regex")({
    exact: optional(text('a path such as "/login"', readExact, { pattern: PATH }), "The whole path."),
    prefix: optional(
      text('a path such as "/v1"', readPrefix, { pattern: PATH }),
      "Whole segments at the start.",
    ),
    pattern: optional(
      text('a path such as "/users/:id/*"', readPattern, { pattern: PATH_PATTERN }),
      "Segments; `:name` and `*` take any one, a last `*` lets more follow.",
    ),
    regex: optional(text(EXPRESSION, readPathRegex), PATH_REGEX),
  }),
  together((given, complain) => {
    if (Object.keys(given).length !== 1) complain("expected exactly one of exact, prefix, pattern and regex");
  }, ONE_KEY),
  v.transform(({ exact, prefix, pattern, regex }) => (exact ?? prefix ?? pattern ?? regex) as PathMatch),
) as unknown as Schema<LongPath, PathMatch>;

const path: Schema<NonNullable<RouteMatchInput["path"]>, PathMatch> = formOf<
  NonNullable<RouteMatchInput["path"]>,
  PathMatch
>(`${PATHS}, or an object`, [shortPath, longPath], (value) =>
  typeof value === "string" ? shortPath : isRecord(value) ? longPath : undefined,
);

type Test = ValueMatch["test"];

const readRegex = (source: string): Test | Refusal => {
  try {
    compileRegex(source);
    return { kind: "regex", source };
  } catch (error) {
    return new Refusal(error instanceof Error ? error.message : "");
  }
};

const exactValue = text("a value", (value): Test => ({ kind: "exact", value }));
const present: Schema<boolean, Test> = leaf(v.boolean(), "true or false", (value): Test | Refusal =>
  typeof value === "boolean" ? { kind: "present", value } : REFUSED,
);

interface ValueForms {
  readonly exact?: string;
  readonly regex?: string;
}

const longValue = v.pipe(
  object<ValueForms>("an object with exact or regex")({
    exact: optional(exactValue, "The whole value."),
    regex: optional(text(EXPRESSION, readRegex), "Matches anywhere in the value unless anchored."),
  }),
  together((given, complain) => {
    if (Object.keys(given).length !== 1) complain("expected exactly one of exact and regex");
  }, ONE_KEY),
  v.transform(({ exact, regex }) => (exact ?? regex) as Test),
) as unknown as Schema<Extract<ValueMatchInput, object>, Test>;

const valueTest = formOf<ValueMatchInput, Test>(
  "a value, true (present), false (absent), or an object with exact or regex",
  [exactValue, present, longValue],
  (value) => {
    if (typeof value === "string") return exactValue;
    if (typeof value === "boolean") return present;
    return isRecord(value) ? longValue : undefined;
  },
);

const anyName = text("a name", (name) => (name === "" ? REFUSED : name), SOMETHING);

const valuesOf = (tests: Readonly<Record<string, Test>> | undefined): ValueMatch[] =>
  tests === undefined ? [] : Object.entries(tests).map(([name, test]) => ({ name, test }));

const VALUES = "an object of names and values";

/** All that is given must hold. */
export const match: Schema<RouteMatchInput, RouteMatch> = v.pipe(
  object<RouteMatchInput>("an object")({
    host: optional(
      oneOrMany("a host or a list of hosts", hostPattern),
      'Host, exact or "*.example.com"; any of a list.',
    ),
    path: optional(
      path,
      'Path: "/login" is exact, "/v1/*" a prefix of whole segments, "/users/:id" and "/v1/*/status" are patterns.',
    ),
    method: optional(oneOrMany("a method or a list of methods", method), "Method; any of a list."),
    headers: optional(mapOf(VALUES, fieldName, valueTest), "Request headers, all of them."),
    query: optional(mapOf(VALUES, anyName, valueTest), "Query parameters, all of them."),
    cookies: optional(mapOf(VALUES, anyName, valueTest), "Cookies, all of them."),
  }),
  v.transform((given) => ({
    hosts: given.host,
    path: given.path,
    methods: given.method,
    headers: valuesOf(given.headers),
    query: valuesOf(given.query),
    cookies: valuesOf(given.cookies),
  })),
);

/** What a route without `match` takes. */
export const EVERYTHING: RouteMatch = {
  hosts: undefined,
  path: undefined,
  methods: undefined,
  headers: [],
  query: [],
  cookies: [],
};
