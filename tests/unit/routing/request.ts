import type { PathMatch, RouteMatch, ValueMatch } from "../../../src/routing/match.ts";
import type { RoutableRequest } from "../../../src/routing/router.ts";

interface MatchParts extends Partial<Omit<RouteMatch, "path">> {
  /** Exact; a prefix when it ends in `/*`; a pattern when it holds a parameter or another `*`. */
  readonly path?: string | PathMatch;
}

const pathOf = (path: string | PathMatch): PathMatch => {
  if (typeof path !== "string") return path;
  if (path.includes("/:") || path.slice(0, -1).includes("*")) return { kind: "pattern", value: path };
  return path.endsWith("/*")
    ? { kind: "prefix", value: path.slice(0, -2) || "/" }
    : { kind: "exact", value: path };
};

/** A match that takes everything but for the given parts. */
export const match = ({ path, ...parts }: MatchParts = {}): RouteMatch => ({
  hosts: undefined,
  path: path === undefined ? undefined : pathOf(path),
  methods: undefined,
  headers: [],
  query: [],
  cookies: [],
  ...parts,
});

export const exactly = (name: string, value: string): ValueMatch => ({
  name,
  test: { kind: "exact", value },
});
export const regex = (name: string, source: string): ValueMatch => ({
  name,
  test: { kind: "regex", source },
});
export const expression = (value: string): PathMatch => ({ kind: "regex", value });
export const present = (name: string, value = true): ValueMatch => ({
  name,
  test: { kind: "present", value },
});

interface RequestParts extends Partial<Omit<RoutableRequest, "path" | "query">> {
  /** Path and query. */
  readonly target?: string;
}

/** `GET /` on `shop.example`, but for the given parts. */
export const request = ({ target = "/", ...parts }: RequestParts = {}): RoutableRequest => {
  const mark = target.indexOf("?");
  return {
    method: "GET",
    host: "shop.example",
    path: mark === -1 ? target : target.slice(0, mark),
    query: mark === -1 ? "" : target.slice(mark),
    pairs: [],
    disregarded: [],
    ...parts,
  };
};
