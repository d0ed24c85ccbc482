/** What a config asks of its runtime beyond the common ground, and the refusal when the runtime can't. */
import { CAPABILITIES, type Capability } from "../core/capability.ts";
import type { ConfigPath, ConfigProblem } from "./problem.ts";
import { outputName, type Schema, type Setting } from "./schema/schema.ts";
import { configSchema } from "./settings/config.ts";
import { isRecord } from "./tree.ts";

interface Requirement {
  readonly path: ConfigPath;
  readonly capabilities: readonly Capability[];
}

/** What a setting with this value asks for. Where a runtime can't honour a default, it has its own; the docs tell. */
const neededBy = (
  { needs, default: implied }: Setting,
  value: unknown,
  isExplicit: () => boolean,
): readonly Capability[] => {
  if (needs === undefined || value === undefined) return [];
  if (typeof needs === "string") return implied === undefined || isExplicit() ? [needs] : [];
  // What is not known yet asks for nothing.
  if (typeof value === "string" && value.includes("${")) return [];
  return isExplicit() ? needs(value) : needs(value).filter((each) => !needs(implied).includes(each));
};

/** All that stands below `value` and asks for something. */
function* requirements(
  schema: Schema | undefined,
  value: unknown,
  path: ConfigPath,
  explicit: ReadonlySet<string>,
): Generator<Requirement> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      yield* requirements(schema?.element, item, [...path, index], explicit);
    }
  }
  if (schema === undefined || !isRecord(value)) return;
  for (const [key, setting] of Object.entries(schema.settings ?? {})) {
    const member = value[key] ?? value[outputName(key, setting)];
    const at = [...path, key];
    const capabilities = neededBy(setting, member, () => explicit.has(at.join(".")));
    if (capabilities.length > 0) yield { path: schema.shortKey === key ? path : at, capabilities };
    yield* requirements(setting.schema, member, at, explicit);
  }
  if (schema.item === undefined) return;
  for (const [name, item] of Object.entries(value)) {
    yield* requirements(schema.item, item, [...path, name], explicit);
  }
}

/**
 * What `platform` can't do, each a problem of its setting; empty when the config fits it.
 *
 * @param config as parsed, or as written with its short forms spelt out.
 * @param explicit the dotted paths that somebody wrote.
 */
export const refusals = (
  config: object,
  explicit: ReadonlySet<string>,
  platform: { readonly name: string; readonly capabilities: ReadonlySet<Capability> },
): readonly ConfigProblem[] =>
  [...requirements(configSchema, config, [], explicit)].flatMap(({ path, capabilities }): ConfigProblem[] => {
    const lacking = capabilities.find((capability) => !platform.capabilities.has(capability));
    if (lacking === undefined) return [];
    const message = `${platform.name} can't ${CAPABILITIES[lacking]}; remove this setting or choose another runtime`;
    return [{ path, at: "key", message }];
  });
