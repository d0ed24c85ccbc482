/** Variables of path parameters: a route may only use what its matches bind. */
import { nearestName } from "../../core/nearest.ts";
import type { RouteMatch } from "../../routing/match.ts";
import { compilePath } from "../../routing/path-matcher.ts";
import { MOST_SHOWN } from "../problem.ts";
import type { Keys } from "../schema/key-rules.ts";

const boundBy = ({ path }: RouteMatch): readonly string[] => compilePath(path).params;

/** Complains of parameters that a route uses and not every match binds. */
export const checkParams = (matches: readonly RouteMatch[], { mentions, complain }: Keys): void => {
  const used = mentions("param");
  if (used.length === 0) return;
  const bound = matches.map(boundBy);
  const unbound = used.filter((each) => !bound.every((names) => names.includes(each.name)));
  for (const [index, { name, path }] of unbound.entries()) {
    // Looking for near names takes time, and reports show no more problems than this.
    const meant = index < MOST_SHOWN ? nearestName(name, bound.flat()) : undefined;
    const advice =
      meant === undefined || meant === name
        ? `each match needs a path with ":${name}" in it, or a regex with "(?<${name}>…)"`
        : `did you mean "\${param.${meant}}"?`;
    complain(`the route binds no parameter "${name}"; ${advice}`, ...path);
  }
};
