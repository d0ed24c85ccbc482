/** Variables of path parameters: a route may only use what its matches bind. */
import { nearestName } from "../../core/nearest.ts";
import type { RouteMatch } from "../../routing/match.ts";
import type { Rule } from "../schema/object.ts";
import { entriesOf } from "../tree.ts";

const PARAMS = /(?<!\$)\$\{param\.([^}]*)\}/g;

const boundBy = ({ path }: RouteMatch): string[] =>
  path?.kind === "pattern" ? Array.from(path.value.matchAll(/\/:([^/]*)/g), ([, name = ""]) => name) : [];

/** Complains of parameters in `parts` of a route that not every match binds. */
export const checkParams = (
  parts: unknown,
  matches: readonly RouteMatch[],
  complain: Rule["complain"],
): void => {
  const bound = matches.map(boundBy);
  for (const [path, text] of entriesOf(parts)) {
    if (typeof text !== "string" || !text.includes("${param.")) continue;
    for (const [, name = ""] of text.matchAll(PARAMS)) {
      if (bound.every((names) => names.includes(name))) continue;
      const meant = nearestName(name, bound.flat());
      const advice =
        meant === undefined || meant === name
          ? `each match needs a path with ":${name}" in it`
          : `did you mean "\${param.${meant}}"?`;
      complain(`the route binds no parameter "${name}"; ${advice}`, ...path);
    }
  }
};
