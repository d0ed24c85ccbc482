/** What a config asks of its platform beyond the common ground, and the refusal when the platform can't. */
import { CAPABILITIES, type Capability, SOCKET_CAPABILITIES } from "../core/capability.ts";
import type { ConfigPath, ConfigProblem } from "./problem.ts";
import { type Setting, atOrBelow } from "./schema/schema.ts";
import { configSchema } from "./settings/config.ts";
import { isRecord, valueAt, walk } from "./tree.ts";

/** One thing asked for. */
interface Requirement {
  readonly path: ConfigPath;
  readonly capability: Capability;
}

/** What a setting with this value asks for. Where a platform can't honour a default, it has its own; the docs tell. */
const neededBy = (
  { needs, default: implied }: Setting,
  value: unknown,
  isExplicit: () => boolean,
): readonly Capability[] => {
  if (needs === undefined) return [];
  if (typeof needs === "string") return implied === undefined || isExplicit() ? [needs] : [];
  // What is not known yet asks for nothing.
  if (typeof value === "string" && value.includes("${")) return [];
  return isExplicit() ? needs(value) : needs(value).filter((each) => !needs(implied).includes(each));
};

/** All that `config` asks for. */
const requirements = (config: object, explicit: ReadonlySet<string>): readonly Requirement[] => {
  const asksBelow = atOrBelow(({ settings = {} }) =>
    Object.values(settings).some(({ needs }) => needs !== undefined),
  );
  const found: Requirement[] = [];
  walk(configSchema, config, {
    enters: ({ schema, setting }) => setting?.needs !== undefined || asksBelow(schema),
    visit: ({ key, setting, value, path, parent }) => {
      if (setting === undefined) return;
      for (const capability of neededBy(setting, value, () => explicit.has(path.join(".")))) {
        found.push({ path: parent.shortKey === key ? path.slice(0, -1) : path, capability });
      }
    },
  });
  return found;
};

/** Whether an upstream that the setting at `path` is about is reached by `fetch`: its own, or one of its route. */
const isViaFetch = (config: object, [section = "", key = ""]: ConfigPath): boolean => {
  const route = section === "routes" ? valueAt(config, [section, key]) : undefined;
  const shares = isRecord(route) ? [route["upstreams"] ?? route["upstream"]].flat() : [];
  const names = shares.map((share) => (isRecord(share) ? share["name"] : share));
  return (section === "upstreams" ? [key] : names).some(
    (name) => valueAt(config, ["upstreams", String(name), "transport"]) === "fetch",
  );
};

/** What a platform is asked here. */
interface CapabilityOwner {
  readonly name: string;
  readonly capabilities: ReadonlySet<Capability>;
}

/**
 * What `platform` can't do, or `fetch` for upstreams with `transport: "fetch"`, each a problem of its setting; empty when the
 * config fits.
 *
 * @param config as parsed, or as written with its short forms spelt out.
 * @param explicit the dotted paths that somebody wrote.
 */
export const refusals = (
  config: object,
  explicit: ReadonlySet<string>,
  platform: CapabilityOwner,
): readonly ConfigProblem[] =>
  requirements(config, explicit).flatMap(({ path, capability }): ConfigProblem[] => {
    const what = CAPABILITIES[capability];
    if (!platform.capabilities.has(capability)) {
      const message = `${platform.name} can't ${what}; remove this setting or choose another runtime`;
      return [{ path, at: "key", message }];
    }
    if (!SOCKET_CAPABILITIES.has(capability) || !isViaFetch(config, path)) return [];
    const message = `fetch can't ${what}; remove this setting or the upstream's \`transport: "fetch"\``;
    return [{ path, at: "key", message }];
  });
