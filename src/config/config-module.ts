/** Configs that are modules: what they export, and what may be wrong with them. */
import { unusable } from "./config-error.ts";
import type { Place } from "./problem.ts";

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

const stringOf = (value: unknown, key: string): string => {
  const text: unknown = isObject(value) ? Reflect.get(value, key) : undefined;
  return typeof text === "string" ? text : "";
};

/** Bun throws all that a compiler has to say at once. */
const firstOf = (thrown: unknown): unknown =>
  thrown instanceof AggregateError ? (thrown.errors[0] as unknown) : thrown;

/** Node's loader, where a file counts as CommonJS. */
const NO_MODULE = /outside a module|Unexpected token 'export'|top level bodies of modules/;

const reasonOf = (name: string, error: unknown): string => {
  const reason = stringOf(error, "message").split("\n")[0] ?? "";
  if (!NO_MODULE.test(reason)) return reason === "" ? String(error) : reason;
  const asModule = name.replace(/^.*[/\\]/, "").replace(/\.([jt]s)$/, ".m$1");
  return `${reason}; set "type": "module" in package.json, or name it ${asModule}`;
};

/** Where in the module called `name` something went wrong, as far as `error` says. */
const placeIn = (name: string, error: unknown): Place => {
  const position: unknown = isObject(error) ? Reflect.get(error, "position") : undefined;
  const [line, column] = [
    isObject(position) ? Reflect.get(position, "line") : 0,
    isObject(position) ? Reflect.get(position, "column") : 0,
  ] as [unknown, unknown];
  if (typeof line === "number" && typeof column === "number" && line > 0)
    return { source: name, line, column };
  const file = name.replace(/^.*[/\\]/, "").replaceAll(/[^\w]/g, String.raw`\$&`);
  const text = `${stringOf(error, "stack")}\n${stringOf(error, "message")}`;
  const found = new RegExp(`[/\\\\]${file}:(\\d+)(?::(\\d+))?`).exec(text);
  if (found === null) return { source: name };
  // Node's reader of TypeScript marks the column below the line.
  const marked = /^ *\^/m.exec(text)?.[0].length ?? 1;
  return { source: name, line: Number(found[1]), column: Number(found[2] ?? marked) };
};

/** Reads everything once, so that a getter that throws does so here. */
const readAll = (value: unknown, seen: Set<object> = new Set()): void => {
  if (!isObject(value) || seen.has(value)) return;
  seen.add(value);
  for (const item of Object.values(value)) readAll(item, seen);
};

const NOT_ITSELF: readonly (readonly [is: (value: unknown) => boolean, message: string])[] = [
  [
    (value) => value === undefined,
    "the module has no default export; write `export default defineConfig({ … })`",
  ],
  [
    (value) => typeof value === "function",
    "the default export is a function; export the config itself, as in `export default makeConfig()`",
  ],
  [
    (value) => isObject(value) && "then" in value && typeof value.then === "function",
    "the default export is a promise; export the config itself, as in `export default await loadConfig()`",
  ],
];

/**
 * The default export of the module at `path`, which people call `name`.
 *
 * @throws ConfigError when it can't be loaded or has none that is a value.
 */
export const importConfig = async (
  name: string,
  path: string,
  importModule: (path: string) => Promise<unknown>,
): Promise<unknown> => {
  let module: unknown;
  try {
    module = await importModule(path);
  } catch (thrown) {
    const error = firstOf(thrown);
    throw unusable(placeIn(name, error), `the module can't be loaded: ${reasonOf(name, error)}`);
  }
  const input: unknown = isObject(module) && "default" in module ? module.default : undefined;
  const mistaken = NOT_ITSELF.find(([is]) => is(input));
  if (mistaken !== undefined) throw unusable({ source: name }, mistaken[1]);
  try {
    readAll(input);
  } catch (error) {
    if (error instanceof RangeError) throw unusable({ source: name }, "nested too deeply");
    throw unusable(placeIn(name, error), `the default export can't be read: ${reasonOf(name, error)}`);
  }
  return input;
};
