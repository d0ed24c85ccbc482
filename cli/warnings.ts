/** What a config may say, but probably does not mean. */
import { type ConfigProblem, problemAt } from "../src/config/problem.ts";
import type { Config, EndpointConfig, RouteConfig, UpstreamConfig } from "../src/config/types.ts";
import type { RouteMatch } from "../src/routing/match.ts";
import { compilePath, matchPath } from "../src/routing/path-matcher.ts";

/** Equal for matches that take the same requests, whatever the order of their parts. */
const matchKey = ({ hosts, methods, path, headers, query, cookies }: RouteMatch): string => {
  const named = [headers, query, cookies].map((values) =>
    values.map((value) => JSON.stringify(value)).toSorted(),
  );
  return JSON.stringify([hosts?.toSorted(), methods?.toSorted(), path, ...named]);
};

/**
 * Whether a route answers every request that `match` takes. A redirect to the URL that was asked for does not apply: one to https
 * leaves requests that came by https to the next route. A redirect to a path that `match` does not take always applies.
 */
const takesAll = ({ redirect }: RouteConfig, match: RouteMatch): boolean => {
  if (redirect === undefined) return true;
  const path = redirect.path ?? redirect.prefix;
  return (
    path !== undefined &&
    !path.includes("${") &&
    matchPath(compilePath(match.path), path.split("?")[0] ?? "") === -1
  );
};

const unreachableMatches = ({ routes }: Config): ConfigProblem[] => {
  const first = new Map<string, number>();
  return routes.flatMap((route, index) => {
    const { match } = route;
    return match.flatMap((each, position) => {
      const key = matchKey(each);
      const before = first.get(key);
      if (before === undefined && takesAll(route, each)) first.set(key, index);
      if (before === undefined || before === index) return [];
      const path = match.length === 1 ? ["routes", index, "match"] : ["routes", index, "match", position];
      return [
        problemAt(path, `routes[${before}] has the same match and comes first, so this one takes no request`),
      ];
    });
  });
};

const unusedUpstreams = ({ routes, upstreams }: Config): ConfigProblem[] => {
  const used = new Set(
    routes.flatMap(({ upstreams: shares = [], failover = [], mirror }) => [
      ...shares.map(({ name }) => name),
      ...failover,
      mirror?.upstream,
    ]),
  );
  return Object.keys(upstreams)
    .filter((name) => !used.has(name))
    .map((name) => ({ ...problemAt(["upstreams", name], "no route sends requests here"), at: "key" }));
};

/** A port that is the other scheme's. */
const oddPort = ({ url }: EndpointConfig): string | undefined => {
  // A port that is the scheme's own is "" in a URL.
  const { protocol, port } = url.startsWith("unix:") ? { protocol: "", port: "" } : new URL(url);
  if (protocol === "http:" && port === "443") return "port 443 is for https, and this is an http URL";
  return protocol === "https:" && port === "80" ? "port 80 is for http, and this is an https URL" : undefined;
};

const addressOf = ({ url }: EndpointConfig): string => (url.startsWith("unix:") ? url : new URL(url).href);

const oddEndpoints = (name: string, { endpoints }: UpstreamConfig): ConfigProblem[] => {
  const first = new Map<string, number>();
  return endpoints.flatMap((endpoint, index) => {
    const path =
      endpoints.length === 1 ? ["upstreams", name, "endpoints"] : ["upstreams", name, "endpoints", index];
    const before = first.get(addressOf(endpoint));
    if (before === undefined) first.set(addressOf(endpoint), index);
    const port = oddPort(endpoint);
    return [
      ...(before === undefined
        ? []
        : [problemAt(path, "this endpoint is listed twice; give one a larger weight instead")]),
      ...(port === undefined ? [] : [problemAt(path, port)]),
    ];
  });
};

/** Any client can send the header, so it counts only from trusted proxies. */
const untrustedRegion = (name: string, { balance }: UpstreamConfig, { listen }: Config): ConfigProblem[] =>
  balance.regionFrom?.startsWith("header:") === true && listen.trustedProxies.length === 0
    ? [
        problemAt(
          ["upstreams", name, "balance", "regionFrom"],
          "has no effect: the header is believed from `listen.trustedProxies` only, and that is empty",
        ),
      ]
    : [];

/** Settings that are valid but probably not meant, by their place. */
export const warningsOf = (config: Config): readonly ConfigProblem[] => [
  ...unreachableMatches(config),
  ...unusedUpstreams(config),
  ...Object.entries(config.upstreams).flatMap(([name, upstream]) => [
    ...oddEndpoints(name, upstream),
    ...untrustedRegion(name, upstream, config),
  ]),
];
