/** The fetch-based upstream handler: one upstream as a Hono handler. */
import type { Handler } from "hono";
import { validationPolicy } from "../middleware/validation.ts";
import { ConfigError, type ConfigProblem } from "../src/config/config-error.ts";
import { parseConfig } from "../src/config/parse.ts";
import { explicitPaths } from "../src/config/paths.ts";
import type { Config, ConfigInput, RouteInput, UpstreamInput } from "../src/config/types.ts";
import type { Platform } from "../src/core/platform.ts";
import { buildGateway } from "../src/gateway.ts";
import { answer } from "./answer.ts";
import type { FrontDesk } from "./front-desk.ts";

/** Everything that an upstream, a route and forwarding can be told in the config. */
export interface ProxyOptions
  extends
    Omit<UpstreamInput, "endpoints" | "timeouts">,
    Pick<RouteInput, "rewrite" | "requestHeaders" | "responseHeaders" | "bodyBytes"> {
  readonly timeouts?: NonNullable<UpstreamInput["timeouts"]> & NonNullable<RouteInput["timeouts"]>;
  readonly forwarding?: NonNullable<ConfigInput["forwarding"]>;
  /** Addresses or CIDR ranges whose forwarding headers are believed. @default [] */
  readonly trustedProxies?: string | readonly string[];
}

/**
 * A handler that forwards to `url`, or to several URLs in turn: `app.all("/api/*", proxyTo("http://…"))`.
 * The path goes upstream as it came in unless `rewrite` says otherwise. Failures become problem answers
 * (RFC 9457); it never throws. Throws `ConfigError` at once when an option is wrong, or more than the runtime can do.
 */
export type ProxyTo = (url: string | readonly string[], options?: ProxyOptions) => Handler;

/** Throws `ConfigError` where `platform` can't do what `config` asks for; `explicit` is what somebody set. */
type Accept = (config: Config, platform: Platform, explicit: ReadonlySet<string>) => void;

/** `proxyTo` for a platform. */
export const createProxyTo =
  (platform: () => Platform, accept: Accept): ProxyTo =>
  (url, options = {}) => {
    const lent = platform();
    const config = told(() => {
      const input = configOf(url, options);
      const parsed = parseConfig(input);
      accept(parsed, lent, explicitPaths(input));
      return parsed;
    });
    const answering = { gateway: buildGateway(config, lent), platform: lent, desk: plainDesk(config, lent) };
    return (c) => answer(c, answering);
  };

const NO_HEADERS: readonly string[] = Object.freeze([]);

/** Looks at the head, and leaves the rest to middleware that the app may have: an id that nobody else knows stays here. */
const plainDesk = (config: Config, { random }: Platform): FrontDesk => {
  const { check } = validationPolicy({ ...config.validation, limits: config.listen.limits });
  return (arrival, known) => ({
    id: known?.id ?? random.id(),
    idHeaders: known?.headers ?? NO_HEADERS,
    edits: [],
    fields: [],
    screened: check(arrival),
    maxBodyBytes: Number.POSITIVE_INFINITY,
  });
};

/** What `read` returns, or its problems in the caller's words: options, where the config has an upstream and a route. */
const told = (read: () => Config): Config => {
  try {
    return read();
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    const problems = thrown.problems.map((problem) => ({ ...problem, path: optionPath(problem.path) }));
    throw new ConfigError(problems);
  }
};

const optionPath = ([section, ...path]: ConfigProblem["path"]): ConfigProblem["path"] => {
  if (section === "forwarding") return ["proxyTo", section, ...path];
  const [name = "", ...rest] = section === "listen" ? path : path.slice(1);
  return ["proxyTo", name === "endpoints" ? "url" : name, ...rest];
};

const configOf = (url: string | readonly string[], options: ProxyOptions): ConfigInput => {
  const { rewrite, requestHeaders, responseHeaders, bodyBytes, timeouts, ...rest } = options;
  const { forwarding, trustedProxies, ...upstream } = rest;
  const { total, ...attempt } = timeouts ?? {};
  return defined({
    listen: defined({ trustedProxies }),
    forwarding,
    upstreams: { upstream: defined({ endpoints: url, timeouts: attempt, ...upstream }) },
    routes: [
      defined({
        name: "proxyTo",
        upstream: "upstream",
        timeouts: defined({ total }),
        rewrite,
        requestHeaders,
        responseHeaders,
        bodyBytes,
      }),
    ],
  });
};

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Without the members that are undefined. */
const defined = <T extends object>(value: T): Defined<T> =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Defined<T>;
