/** The router against a reference that knows no index: try every route, sort what holds. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { explainRoutes } from "../../src/routing/explain.ts";
import type { PathMatch, RouteMatch, ValueMatch } from "../../src/routing/match.ts";
import { type RoutableRequest, compileRouter } from "../../src/routing/router.ts";

// The reference: deliberately slow and plain, and without a line of the router's.

const fields = (request: RoutableRequest, name: string): string[] => {
  const values: string[] = [];
  if (request.disregarded.includes(name)) return values;
  request.pairs.forEach((field, i) => {
    if (i % 2 === 0 && field.toLowerCase() === name) values.push(request.pairs[i + 1] ?? "");
  });
  return values;
};

const headerOf = (request: RoutableRequest, name: string): string | undefined => {
  const values = fields(request, name);
  return values.length === 0 ? undefined : values.join(", ");
};

const cookieOf = (request: RoutableRequest, name: string): string | undefined => {
  const crumbs = fields(request, "cookie").flatMap((field) => field.split(";"));
  const crumb = crumbs.find((text) => text.trim().startsWith(`${name}=`));
  return crumb?.trim().slice(name.length + 1);
};

const holds = ({ test }: ValueMatch, value: string | undefined): boolean => {
  if (test.kind === "present") return (value !== undefined) === test.value;
  if (test.kind === "exact") return value === test.value;
  return value !== undefined && new RegExp(test.source, "u").test(value);
};

const conditionsHold = (match: RouteMatch, request: RoutableRequest): boolean =>
  match.headers.every((it) => holds(it, headerOf(request, it.name))) &&
  match.query.every((it) => holds(it, new URLSearchParams(request.query).get(it.name) ?? undefined)) &&
  match.cookies.every((it) => holds(it, cookieOf(request, it.name)));

/** Every way to write a path match as the regular expression that it stands for. */
const pathExpression = (path: PathMatch | undefined): RegExp => {
  if (path === undefined) return /^/;
  if (path.kind === "regex") return new RegExp(`^(?=/)(?:${path.value})$`);
  const open = path.kind === "prefix" || path.value.endsWith("/*");
  const fixed = path.value.replace(/\/\*$/, "").replace(path.kind === "prefix" ? /\/$/ : /$^/, "");
  const source = fixed
    .split("/")
    .map((part) => (path.kind === "pattern" && /^[:*]/.test(part) ? "[^/]+" : part))
    .join("/");
  return new RegExp(`^${source}${open ? "(/.*)?" : ""}$`);
};

/** One character a segment that a longer string sorts after: whole path, expression, literal, wildcard, exact end, prefix end. */
const pathRank = (path: PathMatch | undefined): string => {
  if (path === undefined) return "0";
  if (path.kind === "regex") return "4";
  if (path.kind === "exact" || (path.kind === "pattern" && !/[:*]/.test(path.value))) return "5";
  const open = path.kind === "prefix" || path.value.endsWith("/*");
  const fixed = path.value.replace(/\/\*$/, "").replace(path.kind === "prefix" ? /\/$/ : /$^/, "");
  const parts = fixed === "" ? [] : fixed.split("/").slice(1);
  return (
    parts.map((part) => (path.kind === "pattern" && /^[:*]/.test(part) ? "2" : "3")).join("") +
    (open ? "0" : "1")
  );
};

const hostRank = (match: RouteMatch, host: string): number => {
  if (match.hosts === undefined) return 0;
  if (match.hosts.includes(host)) return 1000;
  const wild = match.hosts.filter((it) => it.startsWith("*.") && host.endsWith(it.slice(1)));
  return Math.max(-1, ...wild.filter((it) => host.length > it.length - 1).map((it) => it.length));
};

const methodRank = (match: RouteMatch, method: string): number => {
  if (match.methods === undefined) return 0;
  if (match.methods.includes(method)) return 2;
  return method === "HEAD" && match.methods.includes("GET") ? 1 : -1;
};

const reference = (matches: readonly RouteMatch[], request: RoutableRequest): unknown => {
  const holding = matches
    .map((match, index) => ({ match, index }))
    .filter(({ match }) => hostRank(match, request.host) >= 0)
    .filter(({ match }) => pathExpression(match.path).test(request.path))
    .filter(({ match }) => conditionsHold(match, request));
  const ranks = ({ match, index }: { match: RouteMatch; index: number }): (string | number)[] => [
    hostRank(match, request.host),
    pathRank(match.path),
    methodRank(match, request.method),
    match.headers.length,
    match.query.length,
    match.cookies.length,
    -index,
  ];
  const better = (a: (string | number)[], b: (string | number)[]): number => {
    const i = a.findIndex((rank, at) => rank !== b[at]);
    return i === -1 ? 0 : (a[i] as string | number) > (b[i] as string | number) ? -1 : 1;
  };
  const [best] = holding
    .filter(({ match }) => methodRank(match, request.method) >= 0)
    .sort((a, b) => better(ranks(a), ranks(b)));
  if (best !== undefined) return best.index;
  const methods = holding.flatMap(({ match }) => match.methods ?? []);
  if (methods.includes("GET")) methods.push("HEAD");
  return methods.length === 0 ? "none" : [...new Set(methods)].sort();
};

// Few names and values, so that routes collide with one another and requests hit them.

const segment = fc.constantFrom("a", "b", "aa");
const pathParts = fc.array(
  fc.oneof({ weight: 3, arbitrary: segment }, { weight: 2, arbitrary: fc.constantFrom(":", "*") }),
  {
    maxLength: 3,
  },
);
const pathMatch: fc.Arbitrary<PathMatch | undefined> = fc
  .tuple(pathParts, fc.constantFrom("exact", "prefix", "pattern", "open", "slash", "regex", "none"))
  .map(([parts, kind]) => {
    const literal = `/${parts.map((part) => (/^[:*]/.test(part) ? "b" : part)).join("/")}`;
    const pattern = `/${parts.map((part, i) => (part === ":" ? `:p${i}` : part)).join("/")}`;
    switch (kind) {
      case "exact":
        return { kind, value: literal };
      case "slash":
        return { kind: "exact", value: literal === "/" ? "/" : `${literal}/` };
      case "prefix":
        return { kind, value: literal };
      case "pattern":
        return { kind, value: pattern };
      case "open":
        return { kind: "pattern", value: pattern === "/" ? "/*" : `${pattern}/*` };
      case "regex":
        return {
          kind,
          value: `/${parts.map((part) => (/^[:*]/.test(part) ? "(b|aa?)" : part)).join("/")}.*`,
        };
      case "none":
        return undefined;
    }
  });
const value = fc.constantFrom("1", "2", "é 1", "");
const valueMatch: fc.Arbitrary<ValueMatch> = fc.record({
  name: fc.constantFrom("x", "y"),
  test: fc.oneof(
    value.map((it) => ({ kind: "exact", value: it }) as const),
    fc.boolean().map((it) => ({ kind: "present", value: it }) as const),
    fc.constantFrom("1", "^2$", "", "^.").map((source) => ({ kind: "regex", source }) as const),
  ),
});
const few = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant<T[]>([]) },
    { weight: 1, arbitrary: fc.array(arbitrary, { maxLength: 2 }) },
  );
const some = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T[] | undefined> =>
  fc.oneof(fc.constant(undefined), fc.array(arbitrary, { minLength: 1, maxLength: 2 }));
const method = fc.constantFrom("GET", "HEAD", "POST", "OPTIONS");
const routeMatch: fc.Arbitrary<RouteMatch> = fc.record({
  hosts: some(fc.constantFrom("a.x", "b.a.x", "*.x", "*.a.x", "y", "*.y")),
  path: pathMatch,
  methods: some(method),
  headers: few(valueMatch),
  query: few(valueMatch),
  cookies: few(valueMatch),
});
const named = fc.array(fc.tuple(fc.constantFrom("x", "y", "xx"), value), { maxLength: 3 });
const request: fc.Arbitrary<RoutableRequest> = fc.record({
  method: fc.oneof({ weight: 4, arbitrary: method }, { weight: 1, arbitrary: fc.constant("LINK") }),
  host: fc.constantFrom("a.x", "b.a.x", "c.b.a.x", "x", "y", "z.y", ".x", ""),
  path: fc.oneof(
    {
      weight: 9,
      arbitrary: fc
        .array(fc.oneof({ weight: 4, arbitrary: segment }, { weight: 1, arbitrary: fc.constant("") }), {
          maxLength: 4,
        })
        .map((it) => `/${it.join("/")}`),
    },
    { weight: 1, arbitrary: fc.constant("*") },
  ),
  query: named.map((it) => (it.length === 0 ? "" : `?${new URLSearchParams(it).toString()}`)),
  pairs: fc
    .tuple(named, named)
    .map(([headers, cookies]) => [
      ...headers.flatMap(([name, it]) => [name.toUpperCase(), it]),
      ...(cookies.length === 0 ? [] : ["Cookie", cookies.map(([name, it]) => `${name}=${it}`).join("; ")]),
    ]),
  disregarded: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.subarray(["x", "y", "xx", "cookie"]) },
  ),
});

const ofPath = (path: string): string => (path === "*" ? "" : path);

const answer = (matches: readonly RouteMatch[], asked: RoutableRequest): unknown => {
  const result = compileRouter(matches.map((match, value) => ({ match, value }))).find(asked);
  if (result.kind === "found") return result.value;
  return result.kind === "no-route" ? "none" : result.allow;
};

describe("router", () => {
  test("answers as the reference does", () => {
    fc.assert(
      fc.property(fc.array(routeMatch, { maxLength: 12 }), request, (matches, asked) => {
        // The reference reads "*" as a path without segments, as the router does.
        expect(answer(matches, asked)).toEqual(reference(matches, { ...asked, path: ofPath(asked.path) }));
      }),
      { numRuns: 3000 },
    );
  });

  test("answers as the reference does where routes differ in their paths alone", () => {
    const bare = { hosts: undefined, methods: undefined, headers: [], query: [], cookies: [] };
    const paths = pathMatch.map((path): RouteMatch => ({ ...bare, path }));
    fc.assert(
      fc.property(fc.array(paths, { maxLength: 8 }), request, (matches, asked) => {
        expect(answer(matches, asked)).toEqual(reference(matches, { ...asked, path: ofPath(asked.path) }));
      }),
      { numRuns: 2000 },
    );
  });

  test("answers as the reference does where all routes share host and path", () => {
    const alike = routeMatch.map((it): RouteMatch => ({ ...it, hosts: undefined, path: undefined }));
    fc.assert(
      fc.property(fc.array(alike, { minLength: 1, maxLength: 60 }), request, (matches, asked) => {
        expect(answer(matches, asked)).toEqual(reference(matches, { ...asked, path: ofPath(asked.path) }));
      }),
      { numRuns: 1000 },
    );
  });

  test("binds parameters to the segments that stand in their places", () => {
    fc.assert(
      fc.property(fc.array(routeMatch, { maxLength: 8 }), request, (matches, asked) => {
        const result = compileRouter(matches.map((match) => ({ match, value: 0 }))).find(asked);
        if (result.kind !== "found") return;
        const pattern = result.match.path?.kind === "pattern" ? result.match.path.value.split("/") : [];
        const segments = asked.path.split("/");
        const expected = pattern.flatMap((part, i) =>
          part.startsWith(":") ? [[part.slice(1), segments[i]]] : [],
        );
        expect({ ...result.params }).toEqual(Object.fromEntries(expected));
      }),
    );
  });

  test("never throws, whatever the request holds", () => {
    const any = fc.record({
      method: fc.string(),
      host: fc.string(),
      path: fc.string({ unit: "binary" }),
      query: fc.string({ unit: "binary" }),
      pairs: fc.array(fc.tuple(fc.string(), fc.string({ unit: "binary" }))).map((it) => it.flat()),
      disregarded: fc.array(fc.string(), { maxLength: 2 }),
    });
    fc.assert(
      fc.property(fc.array(routeMatch, { maxLength: 8 }), any, (matches, asked) => {
        expect(() => answer(matches, asked)).not.toThrow();
      }),
    );
  });
});

describe("explainRoutes", () => {
  test("chooses what the router finds, and allows what it allows", () => {
    fc.assert(
      fc.property(fc.array(routeMatch, { maxLength: 10 }), request, (matches, asked) => {
        const { kind, chosen, allow, verdicts } = explainRoutes(
          matches.map((match) => ({ match })),
          asked,
        );
        const found = answer(matches, asked);
        expect(kind === "found" ? chosen : kind === "no-route" ? "none" : allow).toEqual(found);
        expect(verdicts.map(({ index }) => index)).toEqual(matches.map((_, i) => i));
        expect(verdicts.filter(({ outcome }) => outcome === "chosen")).toHaveLength(kind === "found" ? 1 : 0);
      }),
      { numRuns: 1500 },
    );
  });
});
