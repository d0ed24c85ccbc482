/** What a proxy to one upstream can be told, and the config that it stands for. */
import { pipe } from "valibot";
import { ConfigError, type ConfigProblem } from "../src/config/config-error.ts";
import { problemsOf } from "../src/config/parse.ts";
import { addressRange, hostPolicy, readPath } from "../src/config/schema/addresses.ts";
import { together } from "../src/config/schema/check.ts";
import { oneOrMany } from "../src/config/schema/collections.ts";
import { forwarding } from "../src/config/schema/edge.ts";
import { headerEdits } from "../src/config/schema/headers.ts";
import { object, optional } from "../src/config/schema/object.ts";
import { hostTemplate, pathTemplate, prefixTemplate } from "../src/config/schema/route-actions.ts";
import { Refusal, type Schema, isRecord } from "../src/config/schema/run.ts";
import { balance, endpoints, limits, pool, tls, transport } from "../src/config/schema/upstream.ts";
import { bodySize, duration, text } from "../src/config/schema/values.ts";
import type {
  ConfigInput,
  DurationInput,
  EndpointInput,
  RouteInput,
  UpstreamInput,
} from "../src/config/types.ts";
import { type HostOptions, onFailureOption, platformOption } from "./host-options.ts";

type OneOrMany<T> = T | readonly T[];

/** A server to forward to; of several, each gets its share by `weight` (1 unless set). */
export type ProxyTarget = string | URL | { readonly url: string | URL; readonly weight?: number | undefined };

/** Time limits of `proxyTo`. */
export interface ProxyTimeouts {
  /** To connect, TLS included. @default "3s" */
  readonly connect?: DurationInput | undefined;
  /** From the request sent to the response's head. @default "15s" */
  readonly firstByte?: DurationInput | undefined;
  /** Between two pieces of a body, either direction. @default "60s", "5m" for event streams */
  readonly idle?: DurationInput | undefined;
  /** For the whole exchange, until the last byte of the response. @default no limit */
  readonly total?: DurationInput | undefined;
}

/** What becomes of a request's host and path. The query stays unless `path` or `prefix` has one. */
export interface ProxyRewrite {
  /** Host sent upstream instead of what `host` says. May hold variables. */
  readonly host?: string | undefined;
  /**
   * Whole segments taken off the path's front: with `"/api"`, `/api/x` becomes `/x` and `/api` becomes `/`. A path that
   * doesn't start so, such as `/apis`, stays as it is.
   */
  readonly stripPrefix?: string | undefined;
  /** Put before the path, once `stripPrefix` is off it. May hold variables. */
  readonly prefix?: string | undefined;
  /** Instead of the whole path; alone. May hold variables. */
  readonly path?: string | undefined;
}

/** Everything that an upstream, a route and forwarding can be told in a config, for one upstream. */
export interface ProxyOptions
  extends
    HostOptions,
    Omit<UpstreamInput, "endpoints" | "timeouts">,
    Pick<RouteInput, "requestHeaders" | "responseHeaders" | "bodyBytes"> {
  readonly timeouts?: ProxyTimeouts | undefined;
  readonly rewrite?: ProxyRewrite | undefined;
  readonly forwarding?: ConfigInput["forwarding"];
  /** Addresses or CIDR ranges whose forwarding headers are believed. @default [] */
  readonly trustedProxies?: OneOrMany<string> | undefined;
}

/** Nothing is generated from this schema, so its keys need no description here. */
const key = <Input, Output>(schema: Schema<Input, Output>): ReturnType<typeof optional<Input, Output>> =>
  optional(schema, "");

const strippedPrefix = text('a path such as "/api"', (given) =>
  given.endsWith("*") ? new Refusal('leave the "*" out') : readPath(given),
);

const rewrite: Schema<ProxyRewrite, unknown> = pipe(
  object<ProxyRewrite>("an object")({
    host: key(hostTemplate),
    stripPrefix: key(strippedPrefix),
    prefix: key(prefixTemplate),
    path: key(pathTemplate),
  }),
  together((given, complain) => {
    if ("path" in given && ("stripPrefix" in given || "prefix" in given)) {
      complain("expected path alone, or stripPrefix and prefix");
    }
  }),
);

const schema: Schema<ProxyOptions, unknown> = object<ProxyOptions>("an object of options")({
  balance: key(balance),
  host: key(hostPolicy),
  tls: key(tls),
  timeouts: key(
    object<ProxyTimeouts>("an object of durations")({
      connect: key(duration),
      firstByte: key(duration),
      idle: key(duration),
      total: key(duration),
    }),
  ),
  pool: key(pool),
  limits: key(limits),
  transport: key(transport),
  rewrite: key(rewrite),
  requestHeaders: key(headerEdits),
  responseHeaders: key(headerEdits),
  bodyBytes: key(bodySize),
  forwarding: key(forwarding),
  trustedProxies: key(oneOrMany("an IP address or CIDR range, or a list of them", addressRange, 0)),
  platform: key(platformOption),
  onFailure: key(onFailureOption),
});

/** In the caller's words: `proxyTo.timeouts.total`. */
const refuse = (problems: readonly ConfigProblem[]): ConfigError =>
  new ConfigError(problems.map((problem) => ({ ...problem, path: ["proxyTo", ...problem.path] })));

/**
 * The config of a gateway that sends everything to `target`.
 *
 * @throws ConfigError with all that is wrong with `target` and `options` each by itself.
 */
export const proxyConfig = (target: OneOrMany<ProxyTarget>, options: ProxyOptions): ConfigInput => {
  const urls = Array.isArray(target) ? target.map(endpointOf) : endpointOf(target as ProxyTarget);
  const wrong = [
    ...problemsOf(endpoints, urls).map((problem) => ({ ...problem, path: ["url", ...problem.path] })),
    ...problemsOf(schema, options),
  ];
  if (wrong.length > 0) throw refuse(wrong);
  const { timeouts: { total, ...attempt } = {} } = options;
  return {
    listen: { trustedProxies: options.trustedProxies },
    forwarding: options.forwarding,
    upstreams: {
      upstream: {
        endpoints: urls,
        balance: options.balance,
        host: options.host,
        tls: options.tls,
        pool: options.pool,
        limits: options.limits,
        transport: options.transport,
        timeouts: attempt,
      },
    },
    routes: [
      {
        name: "proxyTo",
        upstream: "upstream",
        ...rewritten(options.rewrite),
        requestHeaders: options.requestHeaders,
        responseHeaders: options.responseHeaders,
        bodyBytes: options.bodyBytes,
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
    throw refuse(thrown.problems.map((problem) => ({ ...problem, path: optionPath(problem.path) })));
  }
};

const optionPath = ([section = "", ...path]: ConfigProblem["path"]): ConfigProblem["path"] => {
  if (section === "forwarding") return [section, ...path];
  const [name = "", ...rest] = section === "listen" ? path : path.slice(1);
  return [name === "endpoints" ? "url" : name, ...rest];
};
