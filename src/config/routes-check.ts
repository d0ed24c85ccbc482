/** What must hold between parts of a config. Reads the input as written, so that it also runs beside other problems. */
import { nearestName } from "../core/nearest.ts";
import { type ConfigPath, type ConfigProblem, MOST_SHOWN, showValue } from "./problem.ts";
import { isRecord } from "./schema/run.ts";
import type { IsSecret } from "./secret-places.ts";
import { routeName } from "./schema/route.ts";

const problem = (path: ConfigPath, message: string): ConfigProblem => ({ path, at: "value", message });

interface Reference {
  readonly path: ConfigPath;
  readonly name: string;
}

/** The upstreams that the route at `index` names. */
const references = (route: unknown, index: number): Reference[] => {
  const upstream = isRecord(route) ? route["upstream"] : undefined;
  if (typeof upstream === "string") return [{ path: ["routes", index, "upstream"], name: upstream }];
  if (!Array.isArray(upstream)) return [];
  return upstream.flatMap((share: unknown, position) =>
    isRecord(share) && typeof share["name"] === "string"
      ? [{ path: ["routes", index, "upstream", position, "name"], name: share["name"] }]
      : [],
  );
};

const unknownUpstream = (
  { path, name }: Reference,
  names: readonly string[],
  near: readonly string[],
  isSecret: IsSecret,
): ConfigProblem => {
  const missing = isSecret(path)
    ? "there is no upstream of this name"
    : `there is no upstream ${showValue(name)}`;
  const meant = nearestName(name, near);
  if (meant !== undefined)
    return { ...problem(path, `${missing}; did you mean "${meant}"?`), nearest: meant };
  const listed = names.slice(0, 10).join(", ") + (names.length > 10 ? ", …" : "");
  return problem(path, `${missing}; \`upstreams\` defines ${listed === "" ? "none" : listed}`);
};

const repeatedNames = (routes: readonly unknown[]): ConfigProblem[] => {
  const first = new Map<string, number>();
  const problems: ConfigProblem[] = [];
  for (const [index, route] of routes.entries()) {
    const given = isRecord(route) ? route["name"] : undefined;
    const name = typeof given === "string" ? given : routeName(index);
    const before = first.get(name);
    if (before === undefined) first.set(name, index);
    else {
      const key = typeof given === "string" ? index : before;
      problems.push(
        problem(["routes", key, "name"], `also the name of routes[${key === index ? before : index}]`),
      );
    }
  }
  return problems;
};

const nothingToDo = (names: readonly string[], routes: readonly unknown[]): ConfigProblem[] => {
  if (routes.length > 0 || names.length === 1) return [];
  return names.length === 0
    ? [
        problem(
          [],
          'no upstream and no route; `"upstreams": { "app": "http://localhost:3000" }` is enough to start',
        ),
      ]
    : [problem(["routes"], "no routes, so it is not known which of the upstreams a request goes to")];
};

/** Routes name upstreams that exist, and have names of their own; there is something to do. */
export const checkRoutes = (input: unknown, isSecret: IsSecret): ConfigProblem[] => {
  if (!isRecord(input)) return [];
  const { upstreams = {}, routes = [] } = input as Readonly<Record<"upstreams" | "routes", unknown>>;
  if (!isRecord(upstreams) || !Array.isArray(routes)) return [];
  const names = Object.keys(upstreams).filter((name) => upstreams[name] !== undefined);
  const known = new Set(names);
  const dangling = routes
    .flatMap(references)
    .filter(({ name }) => name !== "" && !known.has(name))
    // Comparing every name with every other takes its time, and what is not shown needs no advice.
    .map((reference, index) => unknownUpstream(reference, names, index < MOST_SHOWN ? names : [], isSecret));
  return [...dangling, ...repeatedNames(routes), ...nothingToDo(names, routes)];
};
