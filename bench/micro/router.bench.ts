/** Does a look-up cost more with more routes? */
import { do_not_optimize } from "mitata";
import { parseConfig } from "../../src/config/parse.ts";
import { type RoutableRequest, compileRouter } from "../../src/routing/router.ts";
import { BROWSER_PAIRS, configOf, hostCount } from "./samples.ts";
import type { Suite } from "./suite.ts";

const PATHS = [
  "/",
  "/login",
  "/static/app/main.js",
  "/api/v2/orders",
  "/users/42",
  "/users/42/files/a.pdf",
  "/api/v1/x/y",
];

/** 64 requests spread over the routes, so that no look-up is the last one's. */
const requestsFor = (routes: number): RoutableRequest[] =>
  Array.from({ length: 64 }, (_, i) => ({
    method: "GET",
    host: `shop-${(i * 7919) % hostCount(routes)}.example.com`,
    path: PATHS[i % PATHS.length] ?? "/",
    query: i % 3 === 0 ? "?q=1&page=2" : "",
    pairs: BROWSER_PAIRS,
    disregarded: [],
  }));

const routerOf = (routes: number) => {
  const entries = parseConfig(configOf(routes)).routes.flatMap((route) =>
    route.match.map((match) => ({ match, value: route.name })),
  );
  return compileRouter(entries);
};

const lookUp = (routes: number): (() => void) => {
  const router = routerOf(routes);
  const requests = requestsFor(routes);
  let at = 0;
  return () => {
    at = (at + 1) & 63;
    do_not_optimize(router.find(requests[at] as RoutableRequest));
  };
};

const STRANGER: RoutableRequest = {
  method: "GET",
  host: "other.example.org",
  path: "/a/b/c",
  query: "",
  pairs: BROWSER_PAIRS,
  disregarded: [],
};

export const suites = (): Suite[] => {
  const large = routerOf(5000);
  return [
    {
      title: "router",
      benches: {
        "find, 10 routes": lookUp(10),
        "find, 100 routes": lookUp(100),
        "find, 1,000 routes": lookUp(1000),
        "find, 5,000 routes": lookUp(5000),
        "find nothing, 5,000 routes": () => do_not_optimize(large.find(STRANGER)),
      },
    },
  ];
};
