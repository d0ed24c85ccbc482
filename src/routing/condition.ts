/** Conditions on one named value of a request: header, query parameter or cookie. */
import type { HeaderPairs } from "../http/header-edits.ts";
import { joinedValue } from "../http/headers.ts";
import { cookieValue } from "../http/cookie-value.ts";
import type { RouteMatch, ValueMatch } from "./match.ts";
import { queryValue } from "../http/query-value.ts";
import { type Regex, compileRegex } from "./regex.ts";

/** What a request is routed by. */
export interface RoutableRequest {
  readonly method: string;
  /** Lower-case, no port. */
  readonly host: string;
  /** Normalised, still percent-encoded. */
  readonly path: string;
  /** "" or starting with `?`. */
  readonly query: string;
  readonly pairs: HeaderPairs;
  /** Lower-case names of the fields in `pairs` that count for nothing, as if they had not been sent. */
  readonly disregarded: readonly string[];
}

/** Where a condition reads its value. */
export type Place = "header" | "query" | "cookie";

/** A compiled condition. */
export interface Condition {
  readonly place: Place;
  readonly name: string;
  readonly test: ValueMatch["test"];
  holds(value: string | undefined): boolean;
}

const regexOf = (source: string, what: string): Regex => {
  try {
    return compileRegex(source);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "";
    throw new TypeError(`${what}: ${JSON.stringify(source)} is not a regular expression: ${reason}`, {
      cause,
    });
  }
};

const compileTest = (test: ValueMatch["test"], what: string): Condition["holds"] => {
  switch (test.kind) {
    case "exact":
      return (value) => value === test.value;
    case "present":
      return (value) => (value !== undefined) === test.value;
    case "regex": {
      const regex = regexOf(test.source, what);
      return (value) => value !== undefined && regex.test(value);
    }
  }
};

const compileAll = (place: Place, matches: readonly ValueMatch[]): Condition[] =>
  matches.map(({ name, test }) => ({
    place,
    name: place === "header" ? name.toLowerCase() : name,
    test,
    holds: compileTest(test, `${place} "${name}"`),
  }));

/**
 * Compiles a match's conditions on headers, query and cookies.
 *
 * @throws TypeError for a regular expression that `compileRegex` refuses.
 */
export const compileConditions = (match: RouteMatch): readonly Condition[] => [
  ...compileAll("header", match.headers),
  ...compileAll("query", match.query),
  ...compileAll("cookie", match.cookies),
];

/** Value of a header field that counts; repeated ones joined. */
const fieldValue = ({ pairs, disregarded }: RoutableRequest, lowerName: string): string | undefined =>
  disregarded.includes(lowerName) ? undefined : joinedValue(pairs, lowerName);

/**
 * Value that a condition is about: of a header all of its fields joined; of a query parameter the first,
 * percent-decoded; of a cookie the first.
 */
export const readValue = (request: RoutableRequest, place: Place, name: string): string | undefined => {
  switch (place) {
    case "header":
      return fieldValue(request, name);
    case "query":
      return queryValue(request.query, name);
    case "cookie": {
      const field = fieldValue(request, "cookie");
      return field === undefined ? undefined : cookieValue(field, name);
    }
  }
};

/** First condition that the request does not meet. */
export const firstUnmet = (
  conditions: readonly Condition[],
  request: RoutableRequest,
): Condition | undefined => {
  for (const condition of conditions) {
    if (!condition.holds(readValue(request, condition.place, condition.name))) return condition;
  }
  return undefined;
};
