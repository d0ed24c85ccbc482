/** What a config asks of its runtime beyond the common ground, and the refusal when the runtime can't. */
import { CAPABILITIES, type Capability } from "../core/capability.ts";
import type { ConfigPath, ConfigProblem } from "./problem.ts";
import type { UpstreamTlsConfig } from "./types.ts";

/** What of a config asks for more than the common ground. */
export interface Asking {
  readonly listen: {
    readonly trustedProxies: readonly unknown[];
    readonly limits: { readonly headerBytes: number };
  };
  readonly upstreams: Readonly<
    Record<
      string,
      {
        readonly host: string;
        readonly endpoints: readonly { readonly url: string }[];
        readonly tls: Omit<UpstreamTlsConfig, "key"> | undefined;
      }
    >
  >;
  readonly routes: readonly { readonly rewrite: { readonly host: string | undefined } | undefined }[];
}

/** One thing asked for. */
interface Requirement {
  /** Where in the config, e.g. `upstreams.api.timeouts.connect`. */
  readonly path: ConfigPath;
  readonly capability: Capability;
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
  setting("listen.timeouts.header", "client-header-timeout"),
  setting("listen.timeouts.keepAlive", "client-keep-alive-timeout"),
  setting("listen.limits.connections", "connection-limit"),
  setting("listen.limits.requestsPerConnection", "requests-per-connection"),
  setting("listen.drain.delay", "graceful-drain"),
  setting("listen.drain.timeout", "graceful-drain"),
  setting("upstreams.*.timeouts.connect", "connect-timeout"),
  setting("upstreams.*.timeouts.idle", "body-idle-timeout"),
  setting("routes.*.timeouts.idle", "body-idle-timeout"),
  setting("upstreams.*.pool.connections", "pool-size"),
  setting("upstreams.*.pool.keepAlive", "pool-keep-alive"),
  setting("upstreams.*.pool.pipelining", "pipelining"),
];

/** The parts of a dotted path if it is the one that a setting means. */
const partsOf = ({ start, end }: Setting, path: string): ConfigPath | undefined => {
  if (end === "") return path === start ? path.split(".") : undefined;
  if (!path.endsWith(end) || !path.startsWith(start)) return undefined;
  const name = path.slice(start.length, -end.length);
  return [start.slice(0, -1), start === "routes." ? Number(name) : name, ...end.slice(1).split(".")];
};

/** Sizes of a header section beyond which not every runtime's server goes. */
const LONG_HEADER_SECTIONS: readonly (readonly [bytes: number, capability: Capability])[] = [
  [16 * 1024, "header-section-over-16k"],
  [64 * 1024, "header-section-over-64k"],
];

/** Everything that `config` asks for; `explicit` holds the dotted paths that somebody wrote. */
const requirements = (config: Asking, explicit: ReadonlySet<string>): readonly Requirement[] => {
  const found: Requirement[] = [];
  for (const dotted of explicit) {
    for (const candidate of WHEN_SET) {
      const path = partsOf(candidate, dotted);
      if (path !== undefined) found.push({ path, capability: candidate.capability });
    }
  }
  if (explicit.has("listen.limits.headerBytes")) {
    const asked = LONG_HEADER_SECTIONS.filter(([bytes]) => config.listen.limits.headerBytes > bytes);
    const path = ["listen", "limits", "headerBytes"];
    found.push(...asked.map(([, capability]) => ({ path, capability })));
  }
  if (config.listen.trustedProxies.length > 0) {
    found.push({ path: ["listen", "trustedProxies"], capability: "peer-address" });
  }
  for (const [name, upstream] of Object.entries(config.upstreams)) {
    found.push(...upstreamRequirements(["upstreams", name], upstream));
  }
  for (const [index, route] of config.routes.entries()) {
    if (route.rewrite?.host !== undefined) {
      found.push({ path: ["routes", index, "rewrite", "host"], capability: "raw-host" });
    }
  }
  return found;
};

const upstreamRequirements = (at: ConfigPath, upstream: Asking["upstreams"][string]): Requirement[] => {
  const found: Requirement[] = [];
  const ask = (capability: Capability, ...keys: ConfigPath): void =>
    void found.push({ path: [...at, ...keys], capability });
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

interface Able {
  readonly name: string;
  readonly capabilities: ReadonlySet<Capability>;
}

/** What `platform` can't do, each a problem of its setting; empty when the config fits it. */
export const refusals = (
  config: Asking,
  explicit: ReadonlySet<string>,
  platform: Able,
): readonly ConfigProblem[] => {
  const refused = new Map<ConfigPath, ConfigProblem>();
  for (const { path, capability } of requirements(config, explicit)) {
    // The lowest of several limits that one value is beyond.
    if (platform.capabilities.has(capability) || refused.has(path)) continue;
    const message = `${platform.name} can't ${CAPABILITIES[capability]}; remove this setting or choose another runtime`;
    refused.set(path, { path, at: "key", message });
  }
  return [...refused.values()];
};
