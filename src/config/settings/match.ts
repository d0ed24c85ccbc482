/** `routes[].match`: which requests a route takes. */
import type { PathMatch, RouteMatch, ValueMatch } from "../../routing/match.ts";
import { compilePath } from "../../routing/path-matcher.ts";
import { compileRegex } from "../../routing/regex.ts";
import { anyOf } from "../problem.ts";
import { mapOf, oneOrMany } from "../schema/collections.ts";
import { formOf } from "../schema/forms.ts";
import { exactlyOne } from "../schema/key-rules.ts";
import { leaf } from "../schema/leaf.ts";
import { defaulted, named, object, optional } from "../schema/object.ts";
import * as patterns from "../schema/patterns.ts";
import { Refusal, type Schema, type Settings, transformed } from "../schema/schema.ts";
import { compiles, fieldName, HEADER_NAME, method, nonEmpty, text } from "../schema/values.ts";
import { hostPattern, readPath } from "./addresses.ts";

type ReadPath = (given: string) => PathMatch | Refusal;

const pathOf =
  (kind: PathMatch["kind"], check: (value: string) => string | Refusal = (value) => value): ReadPath =>
  (given) => {
    const read = readPath(given);
    const value = read instanceof Refusal ? read : check(read);
    return value instanceof Refusal ? value : { kind, value };
  };

const readExact = pathOf("exact");
const readPrefix = pathOf("prefix", (value) => value.replace(/(?<=.)\/$/, ""));
const readPattern = pathOf("pattern", (value) => {
  const names = new Set<string>();
  for (const segment of value.split("/")) {
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
  return value;
});

const readShort: ReadPath = (given) => {
  if (given.includes("/:")) return readPattern(given);
  if (given.endsWith("/*") && !given.slice(0, -1).includes("*")) return readPrefix(given.slice(0, -1));
  return given.includes("*") ? readPattern(given) : readExact(given);
};

/** A path as a match reads it. */
const matchedPath = (expects: string, read: ReadPath, pattern: string): Schema<PathMatch> =>
  text(expects, read, { pattern }, "PathMatch");

/** A regular expression that `compile` takes, and what it means. */
const expression = <Output>(
  compile: (source: string) => unknown,
  meaning: (source: string) => Output,
): Schema<Output> =>
  text("a regular expression (RE2)", (source) => {
    const compiled = compiles(compile)(source);
    return compiled instanceof Refusal ? compiled : meaning(compiled);
  });

/** An object with just one of `forms`, whose value is all that it says. */
const oneKeyOf = <Output>(forms: Settings): Schema<Output> => {
  const names = Object.keys(forms);
  const head = {
    name: "",
    expects: `an object with ${names.length > 2 ? "one of " : ""}${anyOf(names)}`,
    rules: [
      exactlyOne(names, `expected exactly one of ${names.slice(0, -1).join(", ")} and ${names.at(-1)}`),
    ],
  };
  const schema = object<Readonly<Record<string, Output | undefined>>>(head, forms);
  const input = Object.entries(forms).map(
    ([key, { about, schema: form }]) => `{ /** ${about} */ readonly ${key}: ${form.types.input} }`,
  );
  return transformed(schema, (given) => Object.values(given).find((value) => value !== undefined), {
    input: input.join(" | "),
  });
};

const PATHS = 'a path such as "/login", "/v1/*" or "/users/:id"';

const path = formOf(`${PATHS}, or an object`, [
  matchedPath(PATHS, readShort, patterns.PATH_PATTERN),
  oneKeyOf({
    exact: optional(matchedPath('a path such as "/login"', readExact, patterns.PATH), "The whole path."),
    prefix: optional(
      matchedPath('a path such as "/v1"', readPrefix, patterns.PATH),
      "Whole segments at the start.",
    ),
    pattern: optional(
      matchedPath('a path such as "/users/:id/*"', readPattern, patterns.PATH_PATTERN),
      "Segments; `:name` and `*` take any one, a last `*` lets more follow.",
    ),
    regex: optional(
      expression(
        (source) => compilePath({ kind: "regex", value: source }),
        (value): PathMatch => ({ kind: "regex", value }),
      ),
      "An expression for the whole path, percent-encoded as it is forwarded. Named groups, `(?<id>\\d+)`, are parameters. Comes after exact paths and before patterns and prefixes.",
    ),
  }),
]);

type Test = ValueMatch["test"];

const exactValue = text("a value", (value): Test => ({ kind: "exact", value }));
const presence = leaf("true or false", {
  scalars: ["boolean"],
  read: (value: boolean): Test => ({ kind: "present", value }),
  json: { type: "boolean" },
});

const valueTest: Schema<Test> = formOf(
  "a value, true (present), false (absent), or an object with exact or regex",
  [
    exactValue,
    presence,
    oneKeyOf({
      exact: optional(exactValue, "The whole value."),
      regex: optional(
        expression(compileRegex, (source): Test => ({ kind: "regex", source })),
        "Matches anywhere in the value unless anchored.",
      ),
    }),
  ],
);

const valuesOf = (name: Schema<string>): Schema<readonly ValueMatch[]> =>
  transformed(mapOf("an object of names and values", name, valueTest, { credentials: true }), (tests) =>
    Object.entries(tests).map(([test, value]) => ({ name: test, test: value })),
  );

const byName = valuesOf(nonEmpty("a name"));

/** All that is given must hold. */
export const match: Schema<RouteMatch> = object(named("RouteMatch", { from: "../routing/match.ts" }), {
  host: optional(
    oneOrMany("a host or a list of hosts", hostPattern),
    'Host, exact or "*.example.com"; any of a list.',
    { as: "hosts" },
  ),
  path: optional(
    path,
    'Path: "/login" is exact, "/v1/*" a prefix of whole segments, "/users/:id" and "/v1/*/status" are patterns.',
  ),
  method: optional(oneOrMany("a method or a list of methods", method), "Method; any of a list.", {
    as: "methods",
  }),
  headers: defaulted(valuesOf(fieldName(HEADER_NAME)), {}, "Request headers, all of them."),
  query: defaulted(byName, {}, "Query parameters, all of them."),
  cookies: defaulted(byName, {}, "Cookies, all of them."),
});
