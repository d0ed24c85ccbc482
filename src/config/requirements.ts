/** What a config asks of its platform beyond the common ground, and the refusal when the platform can't. */
import { CAPABILITIES, type Capability, SOCKET_CAPABILITIES } from "../core/capability.ts";
import type { ConfigPath, ConfigProblem } from "./problem.ts";
import type { UpstreamTlsConfig } from "./types.ts";

/** The parts of a config that may ask for more than the common ground. */
export interface RequirementSource {
  readonly listen: { readonly trustedProxies: readonly unknown[] };
  readonly upstreams: Readonly<
    Record<
      string,
      {
        readonly host: string;
        readonly endpoints: readonly { readonly url: string }[];
        readonly tls: Omit<UpstreamTlsConfig, "key"> | undefined;
        readonly transport: "fetch" | undefined;
      }
    >
  >;
  readonly routes: readonly {
    readonly upstreams: readonly { readonly name: string }[] | undefined;
    readonly rewrite: { readonly host: string | undefined } | undefined;
  }[];
}

/** One thing asked for. */
interface Requirement {
  /** Where in the config, e.g. `upstreams.api.timeouts.connect`. */
  readonly path: ConfigPath;
  readonly capability: Capability;
  /** Names of the upstreams that need it. */
  readonly upstreams: readonly string[];
}

interface Setting {
  /** Path up to a name or index, or the whole path. */
  readonly start: string;
  /** Path behind the name; names may hold dots themselves. */
  readonly end: string;
  readonly capability: Capability;
}

const setting = (pattern: string, capability: Capability): Setting => {
  const [start = "", end = ""] = pattern.split("*");
  return { start, end, capability };
};

/**
 * Settings that count only when somebody wrote them: where a runtime can't honour the default it has its own,
 * which the docs tell. `*` stands for a name or an index.
 *
 * `listen.port` and `listen.host` are not among them. They say where to find the gateway, not what it does; where
 * something else listens for it (a Worker, a Hono app), the same config is as good.
 */
const WHEN_SET: readonly Setting[] = [
  setting("listen.halfClose", "half-close"),
  setting("listen.timeouts.header", "client-header-timeout"),
  setting("listen.timeouts.keepAlive", "client-keep-alive-timeout"),
  setting("listen.limits.connections", "connection-limit"),
  setting("listen.limits.requestsPerConnection", "requests-per-connection"),
  setting("listen.drain.delay", "graceful-drain"),
  setting("listen.drain.timeout", "graceful-drain"),
  setting("upstreams.*.timeouts.connect", "connect-timeout"),
  setting("upstreams.*.pool.connections", "pool-size"),
  setting("upstreams.*.pool.keepAlive", "pool-keep-alive"),
  setting("upstreams.*.pool.idle", "pool-keep-alive"),
  setting("upstreams.*.limits.headerBytes", "upstream-header-limit"),
];

/** The parts of a dotted path if it is the one that a setting means. */
const partsOf = ({ start, end }: Setting, path: string): ConfigPath | undefined => {
  if (end === "") return path === start ? path.split(".") : undefined;
  if (!path.endsWith(end) || !path.startsWith(start)) return undefined;
  const name = path.slice(start.length, -end.length);
  return [start.slice(0, -1), name, ...end.slice(1).split(".")];
};

/** Everything that `config` asks for; `explicit` holds the dotted paths that somebody wrote. */
const requirements = (config: RequirementSource, explicit: ReadonlySet<string>): readonly Requirement[] => {
  const found: Requirement[] = [];
  for (const dotted of explicit) {
    for (const candidate of WHEN_SET) {
      const path = partsOf(candidate, dotted);
      if (path === undefined) continue;
      const upstreams = path[0] === "upstreams" ? [String(path[1])] : [];
      found.push({ path, capability: candidate.capability, upstreams });
    }
  }
  if (config.listen.trustedProxies.length > 0) {
    found.push({ path: ["listen", "trustedProxies"], capability: "peer-address", upstreams: [] });
  }
  for (const [name, upstream] of Object.entries(config.upstreams)) {
    found.push(...upstreamRequirements(name, upstream));
  }
  for (const [index, route] of config.routes.entries()) {
    if (route.rewrite?.host !== undefined) {
      const upstreams = (route.upstreams ?? []).map(({ name }) => name);
      found.push({ path: ["routes", index, "rewrite", "host"], capability: "raw-host", upstreams });
    }
  }
  return found;
};

const upstreamRequirements = (
  name: string,
  upstream: RequirementSource["upstreams"][string],
): Requirement[] => {
  const found: Requirement[] = [];
  const ask = (capability: Capability, ...keys: ConfigPath): void =>
    void found.push({ path: ["upstreams", name, ...keys], capability, upstreams: [name] });
  if (upstream.host !== "upstream") ask("raw-host", "host");
  for (const [index, endpoint] of upstream.endpoints.entries()) {
    if (endpoint.url.startsWith("unix:")) ask("unix-socket", "endpoints", index);
  }
  const { tls } = upstream;
  if (tls === undefined) return found;
  if (tls.ca !== undefined) ask("upstream-ca", "tls", "ca");
  if (tls.cert !== undefined) ask("upstream-client-certificate", "tls", "cert");
  if (!tls.verify) ask("upstream-no-verify", "tls", "verify");
  if (tls.serverName !== undefined) ask("upstream-server-name", "tls", "serverName");
  return found;
};

/** What a platform is asked here. */
export interface CapabilityOwner {
  readonly name: string;
  readonly capabilities: ReadonlySet<Capability>;
}

/**
 * What `platform` can't do, or `fetch` for upstreams with `transport: "fetch"`, each a problem of its setting; empty when the
 * config fits.
 */
export const refusals = (
  config: RequirementSource,
  explicit: ReadonlySet<string>,
  platform: CapabilityOwner,
): readonly ConfigProblem[] => {
  const viaFetch = (name: string): boolean => config.upstreams[name]?.transport === "fetch";
  const problems: ConfigProblem[] = [];
  for (const { path, capability, upstreams } of requirements(config, explicit)) {
    const what = CAPABILITIES[capability];
    if (!platform.capabilities.has(capability)) {
      const message = `${platform.name} can't ${what}; remove this setting or choose another runtime`;
      problems.push({ path, at: "key", message });
    } else if (SOCKET_CAPABILITIES.has(capability) && upstreams.some(viaFetch)) {
      const message = `fetch can't ${what}; remove this setting or the upstream's \`transport: "fetch"\``;
      problems.push({ path, at: "key", message });
    }
  }
  return problems;
};
