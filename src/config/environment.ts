/** Settings from environment variables. */
import { nearestName } from "../core/nearest.ts";
import { setAt } from "./merge.ts";
import type { Env } from "./variables.ts";
import { anyOf, type ConfigPath, type ConfigProblem, showPath } from "./problem.ts";
import { isRecord, type Schema } from "./schema/run.ts";
import { coerce, listed, type Shape, shapeOf, takesText } from "./shape.ts";

type AnySchema = Schema<unknown, unknown>;

const PREFIX = "FAIRLEAD_";
const ALIAS = "PINGORA_";

/** Variables that stand for something else than one place of the config. */
export const SPECIAL_VARIABLES = ["CONFIG", "UPSTREAM", "UPSTREAMS"] as const;

/**
 * What Kubernetes sets in every container beside a Service named "fairlead"; nobody's setting.
 * (`FAIRLEAD_SERVICE_HOST`, `FAIRLEAD_PORT`, `FAIRLEAD_PORT_80_TCP_ADDR`, …)
 */
const SERVICE_LINK =
  /^(?:SERVICE_(?:HOST|PORT(?:_\w+)?)|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)$/;

/** `trustedProxies` is `TRUSTED_PROXIES`; what a variable's name can't hold becomes "_". */
const upperSnake = (key: string): string =>
  key
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, "_");

/** The value of `FAIRLEAD_<name>`, or else of `PINGORA_<name>`. Empty counts as unset. */
const variable = (env: Env, name: string): { readonly name: string; readonly text: string } | undefined => {
  for (const prefix of [PREFIX, ALIAS]) {
    const text = env[prefix + name];
    if (text !== undefined && text !== "") return { name: prefix + name, text };
  }
  return undefined;
};

/** Whether one variable can hold it: a scalar, or a list of texts. */
const isSettable = (shape: Shape): boolean =>
  shape.text || shape.number || shape.boolean || takesText(shape.element);

interface Found {
  readonly path: ConfigPath;
  readonly shape: Shape;
}

/** Keys that may stand at a place; those of maps and lists as `base` has them. */
const keysAt = (shape: Shape, base: unknown): readonly (readonly [string | number, AnySchema])[] => {
  const { item, element } = shape;
  const long = shape.expand === undefined ? base : shape.expand(base);
  if (shape.entries !== undefined) return Object.entries(shape.entries);
  if (item !== undefined && isRecord(long)) return Object.keys(long).map((key) => [key, item]);
  if (element !== undefined && Array.isArray(long)) return long.map((_, index) => [index, element]);
  return [];
};

const at = (base: unknown, key: string | number, shape: Shape): unknown => {
  const long = shape.expand === undefined ? base : shape.expand(base);
  if (typeof key === "number") return Array.isArray(long) ? (long as readonly unknown[])[key] : undefined;
  return isRecord(long) && Object.hasOwn(long, key) ? long[key] : undefined;
};

/** The places that `rest` of a variable's name may mean: several where two names differ in what it can't hold. */
const find = (schema: AnySchema, base: unknown, rest: string, path: ConfigPath): readonly Found[] => {
  const shape = shapeOf(schema);
  return keysAt(shape, base).flatMap(([key, member]): readonly Found[] => {
    const name = upperSnake(String(key));
    const found = { path: [...path, key], shape: shapeOf(member) };
    if (rest === name) return isSettable(found.shape) ? [found] : [];
    if (!rest.startsWith(`${name}_`)) return [];
    return find(member, at(base, key, shape), rest.slice(name.length + 1), found.path);
  });
};

/** Every name that `find` would know, without the prefix. */
function* names(schema: AnySchema, base: unknown, before: string): Generator<string> {
  const shape = shapeOf(schema);
  for (const [key, member] of keysAt(shape, base)) {
    const name = before + upperSnake(String(key));
    if (isSettable(shapeOf(member)) && key !== "$schema") yield name;
    yield* names(member, at(base, key, shape), `${name}_`);
  }
}

/** Names of the variables that set something, given what the file defines. */
export const variableNames = (schema: AnySchema, base: unknown = {}): readonly string[] => [
  ...SPECIAL_VARIABLES.map((name) => PREFIX + name),
  ...[...names(schema, base, "")].map((name) => PREFIX + name),
];

/** What an environment adds to a config. */
export interface FromEnv {
  readonly input: unknown;
  /** Which variable set which path. */
  readonly set: readonly { readonly path: ConfigPath; readonly name: string }[];
  readonly problems: readonly ConfigProblem[];
}

const problem = (name: string, message: string, nearest?: string): ConfigProblem => ({
  path: [],
  at: "value",
  message,
  place: { source: name },
  ...(nearest === undefined ? {} : { nearest }),
});

/** Where the endpoints of `FAIRLEAD_UPSTREAM` and `FAIRLEAD_UPSTREAMS` belong. */
const onlyUpstream = (input: unknown): string | undefined => {
  const upstreams = isRecord(input) && isRecord(input["upstreams"]) ? Object.keys(input["upstreams"]) : [];
  return upstreams.length > 1 ? undefined : (upstreams[0] ?? "default");
};

/** The path of the config file that the environment names. */
export const configFileOf = (env: Env): { readonly name: string; readonly text: string } | undefined =>
  variable(env, "CONFIG");

/** `base` with what the environment sets laid over it. */
export const applyEnvironment = (schema: AnySchema, base: unknown, env: Env): FromEnv => {
  const set: { path: ConfigPath; name: string }[] = [];
  const problems: ConfigProblem[] = [];
  let input = base;
  const put = (path: ConfigPath, name: string, value: unknown): void => {
    input = setAt(schema, input, path, value);
    set.push({ path, name });
  };
  const [one, many] = [variable(env, "UPSTREAM"), variable(env, "UPSTREAMS")];
  const endpoints = many ?? one;
  if (endpoints !== undefined) {
    const upstream = onlyUpstream(base);
    if (one !== undefined && many !== undefined) {
      problems.push(problem(many.name, `is set beside ${one.name}; expected one of them`));
    } else if (upstream === undefined) {
      const message = `the file has several upstreams; set one by its name, as in ${PREFIX}UPSTREAMS_API_ENDPOINTS`;
      problems.push(problem(endpoints.name, message));
    } else {
      const value = many === undefined ? endpoints.text : listed(endpoints.text);
      put(["upstreams", upstream, "endpoints"], endpoints.name, value);
    }
  }
  const given = Object.keys(env).filter((name) => name.startsWith(PREFIX) || name.startsWith(ALIAS));
  const wanted = new Set(given.map((name) => name.slice(name.indexOf("_") + 1)));
  for (const name of [...wanted].toSorted()) {
    if (SPECIAL_VARIABLES.some((special) => special === name)) continue;
    const value = variable(env, name);
    if (value === undefined) continue;
    const [found, ...others] = find(schema, base, name, []);
    if (found !== undefined && others.length > 0) {
      const paths = [found, ...others].map(({ path }) => showPath(path));
      problems.push(problem(value.name, `may mean ${anyOf(paths)}; set it in the file`));
    } else if (found !== undefined) put(found.path, value.name, coerce(found.shape, value.text));
    else if (value.name.startsWith(PREFIX) && !SERVICE_LINK.test(name)) {
      const meant = nearestName(value.name, variableNames(schema, base));
      const advice = meant === undefined ? "no setting has this name" : `did you mean ${meant}?`;
      problems.push(problem(value.name, `unknown variable; ${advice}`, meant));
    }
  }
  return { input, set, problems };
};
