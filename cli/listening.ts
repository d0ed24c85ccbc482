/** What a started gateway says about itself. */
import type { Config, RouteConfig } from "../src/config/types.ts";
import { matchText } from "../src/routing/match-text.ts";
import type { Serving } from "../runtimes/serving.ts";
import { urlHost } from "../src/http/url-host.ts";
import type { Style } from "./style.ts";

/** Routes shown at start; the rest is counted. */
const MOST_ROUTES = 8;

/** An address that can be opened from this machine: wildcard addresses become "localhost". Of a Unix socket, its path. */
export const addressUrl = ({ scheme, host, port, socket }: Serving["address"]): string => {
  if (socket !== undefined) return `unix:${socket}`;
  if (host === "0.0.0.0" || host === "::" || host === "") return `${scheme}://localhost:${port}`;
  return `${scheme}://${urlHost(host)}:${port}`;
};

/** For a gateway that listens on all addresses: that it does, and a URL from the network. `addresses` are this machine's. */
export const networkText = (
  { scheme, host, port }: Serving["address"],
  addresses: readonly string[],
): string | undefined => {
  if (host !== "0.0.0.0" && host !== "::") return undefined;
  const all = `Listens on all addresses (${host === "::" ? "::, IPv4 and IPv6" : host})`;
  const urls = addresses.map((address) => addressUrl({ scheme, host: address, port }));
  return urls.length === 0 ? all : `${all}; from the network: ${urls.join(", ")}`;
};

/** What a route does, in a few words. */
const actionText = (route: RouteConfig, config: Config): string => {
  if (route.redirect !== undefined) return `redirect ${route.redirect.status}`;
  if (route.respond !== undefined) return `respond ${route.respond.status}`;
  const shares = route.upstreams ?? [];
  return shares
    .map(({ name, weight }) => (shares.length === 1 ? name : `${name} ×${weight}`))
    .map((text, index) => {
      const endpoints = config.upstreams[shares[index]?.name ?? ""]?.endpoints ?? [];
      const [only] = endpoints;
      return only !== undefined && endpoints.length === 1 && shares.length === 1 ? only.url : text;
    })
    .join(", ");
};

/** A line for each route, in columns, with what `mask` covers masked. */
export const routeLines = (
  config: Config,
  style: Style,
  mask: (text: string) => string,
): readonly string[] => {
  const shown = config.routes.slice(0, MOST_ROUTES).map((route) => {
    const [first, ...others] = route.match;
    const where = first === undefined ? "/*" : mask(matchText(first));
    const action = mask(actionText(route, config));
    return [others.length === 0 ? where : `${where} +${others.length}`, action] as const;
  });
  const width = Math.max(0, ...shown.map(([where]) => where.length));
  const lines = shown.map(([where, action]) => `  ${where.padEnd(width)}  ${style.dim("→")} ${action}`);
  const hidden = config.routes.length - shown.length;
  return hidden > 0 ? [...lines, style.dim(`  … and ${hidden} more`)] : lines;
};
