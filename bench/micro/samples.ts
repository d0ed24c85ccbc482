/** Inputs that the benches share: a config of any size and a request as a browser sends it. */
import type { ConfigInput, RouteInput, RouteMatchInput } from "../../src/config/types.ts";

/** Fields of an ordinary browser request, in a browser's order. */
export const BROWSER_PAIRS: readonly string[] = [
  ["Host", "shop-7.example.com"],
  ["User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"],
  ["Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
  ["Accept-Language", "en-GB,en;q=0.7"],
  ["Accept-Encoding", "gzip, deflate, br, zstd"],
  ["Referer", "https://shop-7.example.com/"],
  ["Connection", "keep-alive"],
  ["Cookie", "session=0123456789abcdef0123456789abcdef; theme=dark; consent=1"],
  ["Upgrade-Insecure-Requests", "1"],
  ["Sec-Fetch-Dest", "document"],
  ["Sec-Fetch-Mode", "navigate"],
  ["Sec-Fetch-Site", "same-origin"],
].flat();

/** Fields of an ordinary answer. */
export const ANSWER_RECORD: Readonly<Record<string, string | readonly string[]>> = {
  server: "nginx",
  date: "Tue, 24 Nov 2026 10:00:00 GMT",
  "content-type": "text/html; charset=utf-8",
  "content-length": "1024",
  connection: "keep-alive",
  "cache-control": "private, max-age=0",
  etag: 'W/"400-1a2b3c"',
  "set-cookie": ["session=0123456789abcdef; Path=/; HttpOnly", "theme=dark; Path=/"],
  "x-powered-by": "Express",
};

/** Hosts in a config of `routes` routes; each has ten. */
export const hostCount = (routes: number): number => Math.max(1, routes / 10);

const PATHS: readonly RouteMatchInput[] = [
  { path: "/" },
  { path: "/login" },
  { path: "/static/*" },
  { path: "/api/v1/*" },
  { path: "/api/v2/*" },
  { path: "/api/v2/orders", method: ["GET", "POST"] },
  { path: "/users/:id" },
  { path: "/users/:id/files/:file" },
  { path: "/search", query: { q: true } },
  { path: "/beta/*", headers: { "x-beta": "1" } },
];

const routeInput = (at: number): RouteInput => {
  const host = `shop-${Math.floor(at / PATHS.length)}.example.com`;
  const match = PATHS[at % PATHS.length];
  return {
    name: `route ${at}`,
    match: { host, ...match },
    upstream: `upstream-${at % 20}`,
    ...(at % 4 === 0 && { requestHeaders: { set: { "x-route": `${at}` }, remove: "x-debug" } }),
    ...(at % 5 === 0 && { timeouts: { firstByte: "5s" } }),
  };
};

/** Routes over many hosts and twenty upstreams, a quarter of them with header edits. */
export const configOf = (routes: number): ConfigInput => ({
  listen: { port: 8080, trustedProxies: ["10.0.0.0/8", "fd00::/8"] },
  upstreams: Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [
      `upstream-${i}`,
      { endpoints: [`http://10.0.${i}.1:3000`, { url: `http://10.0.${i}.2:3000`, weight: 2 }] },
    ]),
  ),
  routes: Array.from({ length: routes }, (_, i) => routeInput(i)),
});
