/** Settings from environment variables. */
import { nearestVariable } from "../core/nearest.ts";
import { anyOf, type ConfigPath, type ConfigProblem, problemAt, showPath } from "./problem.ts";
import { coerce, type Env, listed } from "./references.ts";
import { longForm, type Schema } from "./schema/schema.ts";
import { isRecord, membersOf, merge, setAt, valueAt } from "./tree.ts";

const PREFIX = "FAIRLEAD_";
const ALIAS = "PINGORA_";

/** Variables that stand for something else than one place of the config. */
export const SPECIAL_VARIABLES: readonly string[] = ["CONFIG", "UPSTREAM", "UPSTREAMS"];

/**
 * What Kubernetes sets in every container beside a Service named "fairlead". These are no settings.
 * (`FAIRLEAD_SERVICE_HOST`, `FAIRLEAD_PORT`, `FAIRLEAD_PORT_80_TCP_ADDR`, …) Kubernetes sets them together, `FAIRLEAD_PORT` to
 * a URL.
 */
const SERVICE_LINK =
  /^(?:SERVICE_(?:HOST|PORT(?:_\w+)?)|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)$/;

const isServiceLink = (name: string, env: Env): boolean =>
  SERVICE_LINK.test(name) && /^(?:tcp|udp|sctp):\/\//.test(env[`${PREFIX}PORT`] ?? "");

/** `trustedProxies` is `TRUSTED_PROXIES`; what a variable's name can't hold becomes "_". */
const upperSnake = (key: string | number): string =>
  String(key)
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

interface Place {
  readonly name: string;
  readonly path: ConfigPath;
  readonly schema: Schema;
}

/** Whether one variable can set it: a scalar, or a list of them. */
const isSettable = ({ schema, path }: Place): boolean =>
  path[0] !== "$schema" &&
  [schema, schema.element].some((each) => each !== undefined && each.scalars.length > 0);

/** The places below `at`, all of them or those that the variable `wanted` may mean; `base` is what the file has there. */
function* placesBelow(at: Place, base: unknown, wanted?: string): Generator<Place> {
  const long = longForm(at.schema, base);
  for (const { key, schema, setting, value } of membersOf(at.schema, long)) {
    if (schema === undefined) continue;
    for (const each of [key, ...(setting?.formerly ?? [])]) {
      const name = at.name === "" ? upperSnake(each) : `${at.name}_${upperSnake(each)}`;
      if (wanted !== undefined && wanted !== name && !wanted.startsWith(`${name}_`)) continue;
      const place = { name, path: [...at.path, key], schema };
      if ((wanted ?? name) === name) yield place;
      yield* placesBelow(place, value, wanted);
    }
  }
}

/** Names of the variables that set something, given what the file defines. */
export const variableNames = (schema: Schema, base: unknown = {}): readonly string[] =>
  [
    ...SPECIAL_VARIABLES,
    ...[...placesBelow({ name: "", path: [], schema }, base)].filter(isSettable).map(({ name }) => name),
  ].map((name) => PREFIX + name);

/** Of the `names` that end like `name`, those of the fewest words: `FAIRLEAD_LISTEN_PORT` for `FAIRLEAD_PORT`. */
const endingLike = (name: string, names: readonly string[]): readonly string[] => {
  const ending = name.slice(PREFIX.length - 1);
  const found = names.filter((each) => each.endsWith(ending));
  const wordsOf = (each: string): number => each.split("_").length;
  const least = Math.min(...found.map(wordsOf));
  return found.filter((each) => wordsOf(each) === least);
};

/** A longer list of suggestions is not shown. */
const MOST_MEANT = 3;

/** What a variable that sets nothing was probably meant to be. */
const meantBy = (name: string, schema: Schema, base: unknown): readonly string[] => {
  const names = variableNames(schema, base);
  const near = nearestVariable(name, names);
  const meant = near === undefined ? endingLike(name, names) : [near];
  return meant.length > MOST_MEANT ? [] : meant;
};

/** What an environment adds to a config. */
export interface FromEnv {
  readonly input: unknown;
  /** Which variable set which path. */
  readonly set: readonly { readonly path: ConfigPath; readonly name: string }[];
  readonly problems: readonly ConfigProblem[];
}

/** Where the endpoints of `FAIRLEAD_UPSTREAM` and `FAIRLEAD_UPSTREAMS` belong. */
const onlyUpstream = (input: unknown): string | undefined => {
  const upstreams = valueAt(input, ["upstreams"]);
  const names = isRecord(upstreams) ? Object.keys(upstreams) : [];
  return names.length > 1 ? undefined : (names[0] ?? "default");
};

/** The path of the config file that the environment names. */
export const configFileOf = (env: Env): string | undefined => variable(env, "CONFIG")?.text;

/**
 * `base` with what the environment sets laid over it.
 *
 * @param over is merged over the result later: variables may set keys of upstreams and routes that only it defines.
 */
export const applyEnvironment = (schema: Schema, base: unknown, env: Env, over?: unknown): FromEnv => {
  const set: { path: ConfigPath; name: string }[] = [];
  const problems: ConfigProblem[] = [];
  let input = base;
  const put = (path: ConfigPath, name: string, value: unknown): void => {
    input = setAt(schema, input, path, value);
    set.push({ path, name });
  };
  const complain = (name: string, message: string, nearest?: string): void => {
    const more = nearest === undefined ? {} : { nearest };
    problems.push(problemAt([], message, { place: { source: name }, ...more }));
  };
  const [one, many] = [variable(env, "UPSTREAM"), variable(env, "UPSTREAMS")];
  const endpoints = many ?? one;
  const upstream = onlyUpstream(base);
  if (one !== undefined && many !== undefined) {
    complain(many.name, `is set beside ${one.name}; expected one of them`);
  } else if (endpoints !== undefined && upstream === undefined) {
    const example = `${PREFIX}UPSTREAMS_API_ENDPOINTS`;
    complain(endpoints.name, `the file has several upstreams; set one by its name, as in ${example}`);
  } else if (endpoints !== undefined && upstream !== undefined) {
    const value = many === undefined ? endpoints.text : listed(endpoints.text);
    put(["upstreams", upstream, "endpoints"], endpoints.name, value);
  }
  const defined = merge(schema, input, over);
  const given = Object.keys(env).filter((name) => name.startsWith(PREFIX) || name.startsWith(ALIAS));
  const wanted = new Set(given.map((name) => name.slice(name.indexOf("_") + 1)));
  for (const name of [...wanted].toSorted()) {
    const value = variable(env, name);
    if (value === undefined || SPECIAL_VARIABLES.includes(name)) continue;
    const places = [...placesBelow({ name: "", path: [], schema }, defined, name)];
    const [found, ...others] = places.filter(isSettable);
    if (found !== undefined && others.length > 0) {
      const paths = [found, ...others].map(({ path }) => showPath(path));
      complain(value.name, `may mean ${anyOf(paths)}; set it in the file`);
    } else if (found !== undefined) put(found.path, value.name, coerce(found.schema, value.text));
    else if (places[0] !== undefined) {
      complain(value.name, `no variable can set ${showPath(places[0].path)}; set it in the file`);
    } else if (value.name.startsWith(PREFIX) && !isServiceLink(name, env)) {
      const meant = meantBy(value.name, schema, defined);
      const advice = meant.length === 0 ? "no setting has this name" : `did you mean ${anyOf(meant)}?`;
      complain(value.name, `unknown variable; ${advice}`, meant[0]);
    }
  }
  return { input, set, problems };
};
