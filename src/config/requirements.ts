/** What a config asks of its runtime beyond the common ground, and the refusal when the runtime can't. */
import { CAPABILITIES, type Capability } from "../core/capability.ts";
import type { Config } from "./types.ts";

/** One thing asked for. */
interface Requirement {
  /** Where in the config, e.g. `upstreams.api.timeouts.connect`. */
  readonly path: string;
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

const matches = ({ start, end }: Setting, path: string): boolean =>
  end === "" ? path === start : path.endsWith(end) && path.startsWith(start);

/** Everything that `config` asks for; `explicit` holds the dotted paths that somebody wrote. */
const requirements = (config: Config, explicit: ReadonlySet<string>): readonly Requirement[] => {
  const found: Requirement[] = [];
  for (const path of explicit) {
    for (const candidate of WHEN_SET) {
      if (matches(candidate, path)) found.push({ path, capability: candidate.capability });
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
