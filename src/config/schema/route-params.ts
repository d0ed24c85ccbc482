/** Variables of path parameters: a route may only use what its matches bind. */
import { nearestName } from "../../core/nearest.ts";
import type { RouteMatch } from "../../routing/match.ts";
import { compilePath } from "../../routing/path-matcher.ts";
import type { Complain } from "./check.ts";

const PARAMS = /(?<!\$)\$\{param\.([^}]*)\}/g;

const boundBy = ({ path }: RouteMatch): readonly string[] => compilePath(path).params;

/** Texts within `value` that use parameters. */
const users = (
  value: unknown,
  path: (string | number)[],
  visit: (path: (string | number)[], text: string) => void,
): void => {
  if (typeof value === "string") {
    if (value.includes("${param.")) visit(path, value);
  } else if (typeof value === "object" && value !== null) {
    const isList = Array.isArray(value);
    for (const [key, item] of Object.entries(value))
      users(item, [...path, isList ? Number(key) : key], visit);
  }
};

/** Complains of parameters in `parts` of a route that not every match binds. */
export const checkParams = (
  parts: Readonly<Record<string, unknown>>,
  matches: readonly RouteMatch[],
  complain: Complain,
): void => {
  const bound = matches.map(boundBy);
  users(parts, [], (path, text) => {
    for (const [, name = ""] of text.matchAll(PARAMS)) {
      if (bound.every((names) => names.includes(name))) continue;
      const meant = nearestName(name, bound.flat());
      const advice =
        meant === undefined || meant === name
          ? `each match needs a path with ":${name}" in it, or a regex with "(?<${name}>…)"`
          : `did you mean "\${param.${meant}}"?`;
      complain(`the route binds no parameter "${name}"; ${advice}`, ...path);
    }
  });
};
