/** What must hold between parts of a config. Reads it as written, so that it also runs beside other problems. */
import { nearestName } from "../core/nearest.ts";
import { type ConfigProblem, MOST_SHOWN, problemAt, showValue } from "./problem.ts";
import type { Mention } from "./schema/reading.ts";
import type { IsSecret } from "./secrets.ts";
import { routeName } from "./settings/route.ts";
import { isRecord } from "./tree.ts";

const unknownUpstream = (
  { path, name }: Mention,
  names: readonly string[],
  near: readonly string[],
  isSecret: IsSecret,
): ConfigProblem => {
  const missing = `there is no upstream ${isSecret(path, name) ? "of this name" : showValue(name)}`;
  const meant = nearestName(name, near);
  if (meant !== undefined) return problemAt(path, `${missing}; did you mean "${meant}"?`, { nearest: meant });
  const listed = names.slice(0, 10).join(", ") + (names.length > 10 ? ", …" : "");
  return problemAt(path, `${missing}; \`upstreams\` defines ${listed === "" ? "none" : listed}`);
};

const repeatedNames = (routes: readonly unknown[]): ConfigProblem[] => {
  const first = new Map<string, number>();
  return routes.flatMap((route, index) => {
    const given = isRecord(route) ? route["name"] : undefined;
    const name = typeof given === "string" ? given : routeName(index);
    const before = first.get(name);
    if (before === undefined) {
      first.set(name, index);
      return [];
    }
    // The one that was given the name that the other has by its position.
    const [wrong, other] = typeof given === "string" ? [index, before] : [before, index];
    return [problemAt(["routes", wrong, "name"], `also the name of routes[${other}]`)];
  });
};

const nothingToDo = (upstreams: number, routes: number): ConfigProblem[] => {
  if (routes > 0 || upstreams === 1) return [];
  const missing =
    'no upstream and no route; `"upstreams": { "app": "http://localhost:3000" }` is enough to start';
  return upstreams === 0
    ? [problemAt([], missing)]
    : [problemAt(["routes"], "no routes, so it is not known which of the upstreams a request goes to")];
};

/** Routes name upstreams that exist, and have names of their own; there is something to do. */
export const checkWhole = (
  input: unknown,
  mentions: readonly Mention[],
  isSecret: IsSecret,
): ConfigProblem[] => {
  if (!isRecord(input)) return [];
  const { upstreams = {}, routes = [] } = input as Readonly<Record<"upstreams" | "routes", unknown>>;
  if (!isRecord(upstreams) || !Array.isArray(routes)) return [];
  const names = Object.keys(upstreams).filter((name) => upstreams[name] !== undefined);
  const known = new Set(names);
  const dangling = mentions
    .filter(({ name }) => !known.has(name))
    // Comparing every name with every other takes its time, and what is not shown needs no advice.
    .map((mention, index) => unknownUpstream(mention, names, index < MOST_SHOWN ? names : [], isSecret));
  return [...dangling, ...repeatedNames(routes), ...nothingToDo(names.length, routes.length)];
};
