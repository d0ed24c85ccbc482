/** What a proxy to one upstream can be told, and the config that it stands for. */
import { ConfigError, type ConfigProblem } from "../src/config/config-error.ts";
import { problemsNamed, readBy } from "../src/config/parse.ts";
import type { KeyRule } from "../src/config/schema/key-rules.ts";
import { named, object, omit, optional, pick } from "../src/config/schema/object.ts";
import { Refusal } from "../src/config/schema/schema.ts";
import { text } from "../src/config/schema/values.ts";
import { readPath } from "../src/config/settings/addresses.ts";
import { configSchema } from "../src/config/settings/config.ts";
import { listen } from "../src/config/settings/listen.ts";
import { route, routeTimeouts } from "../src/config/settings/route.ts";
import { rewrite as routeRewrite } from "../src/config/settings/route-actions.ts";
import { endpoints, upstreamLong, upstreamTimeouts } from "../src/config/settings/upstream.ts";
import { isRecord } from "../src/config/tree.ts";
import type {
  ConfigInput,
  EndpointInput,
  ListenInput,
  RewriteInput,
  RouteInput,
  RouteTimeoutsInput,
  UpstreamInput,
  UpstreamTimeoutsInput,
} from "../src/config/types.ts";
import { type HostOptions, onFailureOption, onUpstreamEventOption, platformOption } from "./host-options.ts";

type OneOrMany<T> = T | readonly T[];

/** A server to forward to; of several, each gets its share by `weight` (1 unless set). */
export type ProxyTarget = string | URL | { readonly url: string | URL; readonly weight?: number | undefined };

/** Settings of an upstream that have another form here; all others mean the same. */
const OF_ITS_OWN = ["endpoints", "discovery", "timeouts"] as const;

/** Settings of a route that mean the same here. */
const OF_ROUTE = ["requestHeaders", "responseHeaders", "bodyBytes"] as const;

/** Time limits of `proxyTo`. */
export interface ProxyTimeouts
  extends Omit<UpstreamTimeoutsInput, "tunnelIdle">, Pick<RouteTimeoutsInput, "total"> {}

/** What becomes of a request's host and path. The query stays unless `path` or `prefix` has one. */
export interface ProxyRewrite extends Omit<RewriteInput, "stripPrefix" | "prefix"> {
  /**
   * Whole segments taken off the path's front: with `"/api"`, `/api/x` becomes `/x` and `/api` becomes `/`. A path that
   * doesn't start so, such as `/apis`, stays as it is.
   */
  readonly stripPrefix?: string | undefined;
  /** Put before the path, once `stripPrefix` is off it. May hold variables. */
  readonly prefix?: string | undefined;
}

/** Everything that an upstream, a route and forwarding can be told in a config, for one upstream. */
export interface ProxyOptions
  extends
    HostOptions,
    Omit<UpstreamInput, (typeof OF_ITS_OWN)[number]>,
    Pick<RouteInput, (typeof OF_ROUTE)[number]>,
    Pick<ListenInput, "trustedProxies">,
    Pick<ConfigInput, "forwarding"> {
  /** Time limits of attempts, and of the whole exchange (`total`). */
  readonly timeouts?: ProxyTimeouts | undefined;
  /** What becomes of host and path on the way to the upstream. */
  readonly rewrite?: ProxyRewrite | undefined;
}

const strippedPrefix = text('a path such as "/api"', (given) =>
  given.endsWith("*") ? new Refusal('leave the "*" out') : readPath(given),
);

const PATH_ALONE: KeyRule<object> = {
  check: (_, { has, complain }) => {
    if (has("path") && (has("stripPrefix") || has("prefix"))) {
      complain("expected path alone, or stripPrefix and prefix");
    }
  },
};

const rewrite = object(named("", { rules: [PATH_ALONE] }), {
  ...omit(routeRewrite, "stripPrefix"),
  stripPrefix: optional(strippedPrefix, ""),
});

const timeouts = object(named("", { expects: "an object of durations" }), {
  ...omit(upstreamTimeouts, "tunnelIdle"),
  ...pick(routeTimeouts, "total"),
});

/** Settings of an upstream that mean the same here. */
const ofUpstream = omit(upstreamLong, ...OF_ITS_OWN);

/** The config's own settings where they mean the same; nothing is generated from the others. */
const schema = object(named("", { expects: "an object of options" }), {
  ...ofUpstream,
  timeouts: optional(timeouts, ""),
  rewrite: optional(rewrite, ""),
  ...pick(route, ...OF_ROUTE),
  ...pick(configSchema, "forwarding"),
  ...pick(listen, "trustedProxies"),
  platform: optional(platformOption, ""),
  onFailure: optional(onFailureOption, ""),
  onUpstreamEvent: optional(onUpstreamEventOption, ""),
});

/** Of `options` those that `names` names. */
const given = (options: ProxyOptions, names: readonly string[]): object =>
  Object.fromEntries(names.map((name) => [name, options[name as keyof ProxyOptions]]));

/**
 * The config of a gateway that sends everything to `target`.
 *
 * @throws ConfigError with all that is wrong with `target` and `options` each by itself.
 */
export const proxyConfig = (target: OneOrMany<ProxyTarget>, options: ProxyOptions): ConfigInput => {
  const urls = Array.isArray(target) ? target.map(endpointOf) : endpointOf(target as ProxyTarget);
  const wrong = [
    ...readBy(endpoints, urls).problems.map((problem) => ({ ...problem, path: ["url", ...problem.path] })),
    ...readBy(schema, options).problems,
  ];
  if (wrong.length > 0) throw problemsNamed("proxyTo", wrong);
  const { timeouts: { total, ...attempt } = {} } = options;
  return {
    listen: { trustedProxies: options.trustedProxies },
    forwarding: options.forwarding,
    upstreams: {
      upstream: {
        endpoints: urls,
        ...given(options, Object.keys(ofUpstream)),
        timeouts: attempt,
      },
    },
    routes: [
      {
        name: "proxyTo",
        upstream: "upstream",
        ...rewritten(options.rewrite),
        ...given(options, OF_ROUTE),
        timeouts: { total },
      },
    ],
  };
};

const endpointOf = (target: ProxyTarget): string | EndpointInput => {
  if (target instanceof URL) return target.href;
  return isRecord(target) && target.url instanceof URL
    ? { ...target, url: target.url.href }
    : (target as string | EndpointInput);
};

/** A rewrite replaces what a match took: the prefix that is to go, or of any other path nothing. */
const rewritten = ({ stripPrefix, ...rewrite }: ProxyRewrite = {}): Pick<RouteInput, "match" | "rewrite"> =>
  stripPrefix === undefined
    ? { rewrite }
    : {
        match: [{ path: { prefix: stripPrefix } }, {}],
        rewrite: { ...rewrite, prefix: rewrite.prefix ?? "/" },
      };

/**
 * What `read` returns. What only shows when everything is looked at together is told in the caller's words too: options,
 * where the config has an upstream and a route.
 */
export const inOptions = <Result>(read: () => Result): Result => {
  try {
    return read();
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    const problems = thrown.problems.map((problem) => ({ ...problem, path: optionPath(problem.path) }));
    throw problemsNamed("proxyTo", problems);
  }
};

const optionPath = ([section = "", ...path]: ConfigProblem["path"]): ConfigProblem["path"] => {
  if (section === "forwarding") return [section, ...path];
  const [name = "", ...rest] = section === "listen" ? path : path.slice(1);
  return [name === "endpoints" ? "url" : name, ...rest];
};
