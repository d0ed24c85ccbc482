/** A config file that is checked where it is bundled, and read where its variables are: a Worker's. */
import type { Capability } from "../core/capability.ts";
import { ConfigError } from "./config-error.ts";
import { type ConfigFile, type FileAccess, discoverConfigFile } from "./config-file.ts";
import { effective } from "./effective.ts";
import { located } from "./locate.ts";
import { checkConfig } from "./parse.ts";
import { explicitPaths } from "./paths.ts";
import type { ConfigPath, ConfigProblem, Place } from "./problem.ts";
import { type RequirementSource, refusals } from "./requirements.ts";
import { configSchema } from "./schema/config.ts";
import { isRecord } from "./schema/run.ts";
import { type LookUp, references } from "./variables.ts";

const UNKNOWN_YET = "is not known yet";

/** Variables come later; there is no file system then. */
const lookUp: LookUp = (kind) => ({
  problem: kind === "env" ? UNKNOWN_YET : "files can't be read here; give the text itself",
});

const recordOf = (value: unknown): Readonly<Record<string, unknown>> => (isRecord(value) ? value : {});

const listOf = (value: unknown): readonly unknown[] => {
  if (Array.isArray(value)) return value;
  return value === undefined ? [] : [value];
};

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

const isVariable = (value: unknown): boolean => {
  let found = false;
  references(value, () => (found = true));
  return found;
};

/** What `input`, right but for its variables, asks for; a value that is not known yet asks for nothing special. */
const askedBy = (input: unknown): RequirementSource => {
  const { listen, upstreams, routes } = recordOf(effective(configSchema, input, () => undefined));
  const upstreamOf = (upstream: unknown): RequirementSource["upstreams"][string] => {
    const { host, endpoints, tls, transport } = recordOf(upstream);
    const { ca, cert, serverName, verify } = recordOf(tls);
    return {
      host: isVariable(host) ? "upstream" : String(host),
      endpoints: listOf(endpoints).map((endpoint) => ({ url: String(recordOf(endpoint)["url"]) })),
      tls: { ca: textOf(ca), cert: textOf(cert), serverName: textOf(serverName), verify: verify !== false },
      transport: transport === "fetch" ? transport : undefined,
    };
  };
  return {
    listen: {
      trustedProxies: listOf(recordOf(listen)["trustedProxies"]),
    },
    upstreams: Object.fromEntries(
      Object.entries(recordOf(upstreams)).map(([name, upstream]) => [name, upstreamOf(upstream)]),
    ),
    routes: listOf(routes).map((route) => ({
      upstreams: listOf(recordOf(route)["upstream"]).map((share) => ({
        name: textOf(share) ?? String(recordOf(share)["name"]),
      })),
      rewrite: { host: textOf(recordOf(recordOf(route)["rewrite"])["host"]) },
    })),
  };
};

/** A checked config file. */
export interface Bundled {
  /** As people call it. */
  readonly name: string;
  /** With its references as they are. */
  readonly input: unknown;
  /** What it will need, and where each is named first. */
  readonly variables: readonly { readonly name: string; readonly place: Place | undefined }[];
}

const variablesOf = async (file: ConfigFile): Promise<Bundled["variables"]> => {
  const first = new Map<string, ConfigPath>();
  references(file.input, (_, name, path) => {
    if (!first.has(name)) first.set(name, path);
  });
  if (first.size === 0) return [];
  const placeOf = await file.places();
  return [...first].map(([name, path]) => ({ name, place: placeOf(path, "value") }));
};

/**
 * The config file of `cwd` that `platform` will run; undefined where there is none.
 *
 * @throws ConfigError with everything that is wrong with it whatever its variables hold, and all that `platform` can't do.
 */
export const readBundled = async (
  cwd: string,
  access: FileAccess,
  platform: { readonly name: string; readonly capabilities: ReadonlySet<Capability> },
): Promise<Bundled | undefined> => {
  const file = await discoverConfigFile(cwd, access);
  if (file === undefined) return undefined;
  const { name, input } = file;
  const checked = checkConfig(input, lookUp);
  const problems: readonly ConfigProblem[] = checked.ok
    ? []
    : checked.problems.filter(({ message }) => message !== UNKNOWN_YET);
  const found = [...file.problems, ...problems, ...refusals(askedBy(input), explicitPaths(input), platform)];
  if (found.length > 0) throw new ConfigError(await located({ file, env: [], flags: [] }, found));
  return { name, input, variables: await variablesOf(file) };
};
