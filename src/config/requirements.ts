/** What a config asks of its runtime beyond the common ground, and the refusal when the runtime can't. */
import { CAPABILITIES, type Capability } from "../core/capability.ts";
import type { Config } from "./types.ts";

/** One thing asked for. */
export interface Requirement {
  /** Where in the config, e.g. `upstreams.api.timeouts.connect`. */
  readonly path: string;
  readonly capability: Capability;
}

/**
 * Settings that count only when somebody wrote them: where a runtime can't honour the default it has its own,
 * which the docs tell. `*` stands for one path segment. `listen.port` and `listen.host` are missing on purpose: who
 * runs a Worker chooses its address, and one file is to serve there and elsewhere.
 */
const WHEN_SET: readonly (readonly [pattern: string, capability: Capability])[] = [
  ["listen.timeouts.header", "client-header-timeout"],
  ["listen.timeouts.keepAlive", "client-keep-alive-timeout"],
  ["listen.limits.connections", "connection-limit"],
  ["listen.limits.requestsPerConnection", "requests-per-connection"],
  ["listen.drain.delay", "graceful-drain"],
  ["listen.drain.timeout", "graceful-drain"],
  ["upstreams.*.timeouts.connect", "connect-timeout"],
  ["upstreams.*.timeouts.idle", "body-idle-timeout"],
  ["routes.*.timeouts.idle", "body-idle-timeout"],
  ["upstreams.*.pool.connections", "pool-size"],
  ["upstreams.*.pool.keepAlive", "pool-keep-alive"],
  ["upstreams.*.pool.pipelining", "pipelining"],
];

/** Everything that `config` asks for; `explicit` holds the dotted paths that somebody wrote. */
const requirements = (config: Config, explicit: ReadonlySet<string>): readonly Requirement[] => {
  const found: Requirement[] = [];
  for (const path of explicit) {
    for (const [pattern, capability] of WHEN_SET) {
      if (matchesPattern(path, pattern)) found.push({ path, capability });
    }
  }
  if (config.listen.trustedProxies.length > 0) {
    found.push({ path: "listen.trustedProxies", capability: "peer-address" });
  }
  for (const [name, upstream] of Object.entries(config.upstreams)) {
    found.push(...upstreamRequirements(`upstreams.${name}`, upstream));
  }
  for (const [index, route] of config.routes.entries()) {
    if (route.rewrite?.host !== undefined) {
      found.push({ path: `routes.${index}.rewrite.host`, capability: "raw-host" });
    }
  }
  return found;
};

const upstreamRequirements = (path: string, upstream: Config["upstreams"][string]): Requirement[] => {
  const found: Requirement[] = [];
  if (upstream.host !== "upstream") found.push({ path: `${path}.host`, capability: "raw-host" });
  for (const [index, endpoint] of upstream.endpoints.entries()) {
    if (!endpoint.url.startsWith("unix:")) continue;
    found.push({ path: `${path}.endpoints.${index}`, capability: "unix-socket" });
  }
  const { tls } = upstream;
  if (tls === undefined) return found;
  if (tls.ca !== undefined) found.push({ path: `${path}.tls.ca`, capability: "upstream-ca" });
  if (tls.cert !== undefined)
    found.push({ path: `${path}.tls.cert`, capability: "upstream-client-certificate" });
  if (!tls.verify) found.push({ path: `${path}.tls.verify`, capability: "upstream-no-verify" });
  if (tls.serverName !== undefined) {
    found.push({ path: `${path}.tls.serverName`, capability: "upstream-server-name" });
  }
  return found;
};

const matchesPattern = (path: string, pattern: string): boolean => {
  const segments = path.split(".");
  const wanted = pattern.split(".");
  return segments.length === wanted.length && wanted.every((want, i) => want === "*" || want === segments[i]);
};

/** Sentences for what `platform` can't do; empty when the config fits it. */
export const unsupported = (
  config: Config,
  explicit: ReadonlySet<string>,
  platform: { readonly name: string; readonly capabilities: ReadonlySet<Capability> },
): readonly { readonly path: string; readonly message: string }[] =>
  requirements(config, explicit)
    .filter(({ capability }) => !platform.capabilities.has(capability))
    .map(({ path, capability }) => ({
      path,
      message: `${platform.name} can't ${CAPABILITIES[capability]}; remove this setting or choose another runtime`,
    }));
