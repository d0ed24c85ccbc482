import { Ajv } from "ajv";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/config/config-error.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { type ConfigPath, showPath } from "../../src/config/problem.ts";
import { schemaAt } from "../../src/config/schema/schema.ts";
import { configSchema, jsonSchema } from "../../src/config/settings/config.ts";
import { entriesOf, setAt, valueAt } from "../../src/config/tree.ts";
import { EVERYTHING } from "../support/every-setting.ts";

const validate = new Ajv({ strict: false }).compile(jsonSchema());

/** What the parser says against `input`. */
const said = (input: unknown, env: Readonly<Record<string, string>> = {}): readonly string[] => {
  try {
    parseConfig(input, { env });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ message }) => message);
    throw error;
  }
};

/** What only the parser can tell, why, and a config that shows it. */
const PARSER_ONLY: readonly (readonly [said: RegExp, why: string, input: unknown])[] = [
  [
    /each is more than the one before/,
    "an item of a list can't be compared to another",
    { upstreams: { a: "http://a" }, telemetry: { metrics: { durationBounds: [1, 1] } } },
  ],
  [
    /would take all requests from the routes/,
    "paths have several spellings",
    { upstreams: { a: "http://a" }, admin: { path: "/", token: "0123456789abcdef" } },
  ],
  [/^no upstream and no route/, "environment and flags may add them", {}],
  [/^no routes, so/, "environment and flags may add them", { upstreams: { a: "http://a", b: "http://b" } }],
  [
    /^there is no upstream/,
    "a name in one place is a key in another",
    { upstreams: { a: "http://a" }, routes: [{ upstream: "b" }] },
  ],
  [
    /^also the name of/,
    "members of a list are compared as a whole only",
    { routes: [1, 2].map(() => ({ name: "a", respond: {} })) },
  ],
  [
    /is given twice$/,
    "names are compared without regard to case",
    { routes: [{ respond: {}, match: { headers: { "x-a": "1", "X-A": "2" } } }] },
  ],
  [/^this can't be a name$/, "nobody writes it", JSON.parse('{ "upstreams": { "__proto__": "http://a" } }')],
  [
    /^every weight is 0/,
    "an editor would blame the whole list",
    { upstreams: { a: [{ url: "http://a", weight: 0 }] } },
  ],
  [
    /it is HTTP itself/,
    "an expression without lookahead can't leave out a name",
    { upstreams: { a: "http://a" }, routes: [{ upstream: "a", upgrade: ["h2c"] }] },
  ],
  [
    /^no listener has tls/,
    "an editor would blame the whole of listen",
    { upstreams: { a: "http://a" }, listen: { also: [{ port: 80, redirect: "https" }] } },
  ],
  [
    /^no endpoint is https/,
    "an editor would blame the whole upstream",
    { upstreams: { a: { endpoints: "http://a", tls: { verify: false } } } },
  ],
  [
    /^there is no matched prefix/,
    "depends on the form of a path elsewhere in the route",
    { routes: [{ match: { path: "/a" }, redirect: { prefix: "/b" } }] },
  ],
  [
    /^the route binds no parameter/,
    "depends on a text elsewhere in the route",
    { routes: [{ redirect: { path: "/${param.a}" } }] },
  ],
  [
    /expected an IP address such as "10\.0\.0\.2"/,
    "the grammar of IPv6",
    { upstreams: { a: { discovery: { dns: { url: "http://a", servers: "1:2:3" } } } } },
  ],
  [
    /^there is no collector/,
    "variables of the environment may name it",
    { routes: [{ respond: {} }], log: { otlp: true } },
  ],
  [
    /two parameters have the same name/,
    "compares parts of one text",
    { routes: [{ match: { path: "/:a/:a" }, respond: {} }] },
  ],
  [
    /a duration of at most "24d"/,
    "a sum in the units of a text",
    { routes: [{ respond: {} }], listen: { drain: { delay: "25d" } } },
  ],
  [
    /a duration of at least "1ms"/,
    "a sum in the units of a text",
    { upstreams: { a: { endpoints: ["http://a"], breaker: { open: "0s" } } }, routes: [] },
  ],
  [
    /a size of at least \d+ bytes/,
    "a sum in the units of a text",
    { routes: [{ respond: {} }], listen: { limits: { headerBytes: "1B" } } },
  ],
  [
    /path holds|path is percent-encoded twice|path hides a dot segment|path starts with two slashes|makes no valid target/,
    "percent-escapes and dot segments: nobody could read the pattern",
    { routes: [{ match: { path: "/%5C" }, respond: {} }] },
  ],
  [
    /an address has no wildcard/,
    "an address is a name to a pattern",
    { routes: [{ match: { host: "*.10.0.0.1" }, respond: {} }] },
  ],
  [
    /expected (?:a host|an address or name|an IP address|"upstream", "preserve" or a host|a name such as).*found "\[?[0-9A-Fa-f:.]*:[^"]*"/,
    "the grammar of IPv6",
    { routes: [{ respond: {} }], listen: { host: "1::2::3" } },
  ],
  [
    /found "a{70,}…/,
    "the length of a text with a reference in it is not known",
    { routes: [{ respond: {}, match: { host: "a".repeat(300) } }] },
  ],
  [
    /from 96 to 128/,
    "the bits of a mapped range",
    { routes: [{ respond: {} }], listen: { trustedProxies: "::ffff:10.0.0.0/8" } },
  ],
  [/is not a host name or address/, "the grammar of IPv6", { routes: [{ redirect: { host: "[1::2::3]" } }] }],
  [
    /^expected a URL such as.*an address needs no look-up/,
    "the forms of an IPv4 address in a URL",
    { upstreams: { a: { discovery: { dns: "http://1" } } } },
  ],
  [/expected a URL such as/, "the hosts and ports of URLs", { upstreams: { a: "http://a:99999" } }],
  [
    /methods are case-sensitive/,
    "every mixture of cases",
    { routes: [{ match: { method: "gEt" }, respond: {} }] },
  ],
  [
    /expected a regular expression/,
    "JSON Schema has no validation of expressions that all engines do",
    { routes: [{ match: { query: { a: { regex: "(" } } }, respond: {} }] },
  ],
];

const isParserOnly = (message: string): boolean => PARSER_ONLY.some(([pattern]) => pattern.test(message));

/** How the two disagree over `input`; undefined where they agree as far as they can. */
const disagreement = (input: unknown, env?: Readonly<Record<string, string>>): string | undefined => {
  const against = said(input, env);
  if (validate(input)) {
    const telling = against.filter((message) => !isParserOnly(message));
    return telling.length === 0 ? undefined : `only the parser refuses: ${telling.join("; ")}`;
  }
  if (against.length > 0) return undefined;
  const [first] = validate.errors ?? [];
  return `only the JSON Schema refuses: ${first?.instancePath ?? ""} ${first?.message ?? ""}`;
};

const only = { a: "http://a" };
const app = { a: "http://a", b: "http://a", c: "http://a" };

/** `EVERYTHING` in pieces, since a whole one is read for each value in each place. */
const PIECES: readonly object[] = Object.entries(EVERYTHING).flatMap(([key, value]): object[] => {
  if (key === "routes") return EVERYTHING.routes.map((route) => ({ upstreams: app, routes: [route] }));
  // Log records go where telemetry goes.
  if (key === "log") return [{ upstreams: only, log: value, telemetry: EVERYTHING.telemetry }];
  if (key !== "upstreams") return [{ upstreams: only, [key]: value }];
  return Object.entries(EVERYTHING.upstreams).map(([name, upstream]) => ({
    upstreams: { [name]: upstream },
  }));
});

interface Spot {
  readonly piece: object;
  readonly path: ConfigPath;
  readonly value: unknown;
}

const SPOTS: readonly Spot[] = PIECES.flatMap((piece) =>
  entriesOf(piece).map(([path, value]) => ({ piece, path, value })),
);

/** `input` with another value at `path`, which exists. */
const replaceAt = (input: unknown, path: ConfigPath, value: unknown): unknown =>
  setAt(undefined, input, path, value);

/** One spot for each schema. */
const DISTINCT = [...new Map(SPOTS.map((spot) => [schemaAt(configSchema, spot.path), spot])).values()];
const LEAVES = SPOTS.filter(({ value }) => typeof value !== "object");
const OBJECTS = SPOTS.filter(({ value }) => typeof value === "object" && !Array.isArray(value));

const without = ({ piece, path }: Spot): unknown => {
  const key = path.at(-1);
  const parent = valueAt(piece, path.slice(0, -1));
  const left = Array.isArray(parent)
    ? parent.filter((_, index) => index !== key)
    : Object.fromEntries(Object.entries(parent as object).filter(([name]) => name !== key));
  return replaceAt(piece, path.slice(0, -1), left);
};

const withKey = ({ piece, path, value }: Spot, key: string): unknown =>
  replaceAt(piece, path, { ...(value as object), [key]: "red" });

/** Disagreements over `input`, for `found`. */
const told = (title: string, input: unknown): string[] => {
  const how = disagreement(input);
  return how === undefined ? [] : [`${title}: ${how}`];
};

/** Every word that a place takes. */
const words = (schema: unknown): unknown[] =>
  typeof schema !== "object" || schema === null
    ? []
    : Object.entries(schema).flatMap(([key, value]) =>
        key === "enum" && Array.isArray(value) ? (value as unknown[]) : words(value),
      );

/** Values for any place: what some take and others don't. */
const VALUES: readonly unknown[] = [
  [null, true, false, 0, 1, -1, 1.5, 200, 204, 301, 599, 65_535, 65_536, 1e6, 2 ** 31, 2 ** 53, [], {}],
  [
    "",
    " ",
    "a",
    "A",
    "x-a",
    "host",
    "Connection",
    "content-length",
    "a b",
    " a",
    "a\n",
    "é",
    "😀",
    "a:b",
    "$",
    "$$",
    "a$",
  ],
  [
    "${",
    "$${",
    "${a}",
    "$${a}",
    "${client.address}",
    "a${request.id}b",
    "${param.}",
    "${header.x-a}",
    "${client.adress}",
  ],
  [
    "/",
    "/a",
    "/a/",
    "a/",
    "/a/*",
    "/*",
    "/a*",
    "/a/*/b",
    "/:a",
    "/:a/*",
    "/:",
    "/:1",
    "/a/:b/c",
    "//",
    "/a//b",
    "/a?b",
    "/a#b",
    "/$a/b$",
    "/a/${request.path}",
    "${request.target}",
    "${request.query}",
  ],
  [
    "250",
    "250ms",
    "10s",
    "1.5m",
    "1h",
    "24d",
    "10 s",
    "10 ",
    "s",
    "-1s",
    "10S",
    "1e3",
    "64KB",
    "64kib",
    "1.5MB",
    "1B",
    "1iB",
    "unlimited",
  ],
  ["0", "80", "65535", "65536", "00080", "80a", "99999"],
  [
    "a.example",
    "*.a.example",
    "*",
    "*.",
    "a.*.b",
    "a..b",
    ".a",
    "a.",
    "a.example:80",
    "a.example:",
    "a:99999",
    "[::1]",
    "[::1]:80",
    "::",
    "::1",
    "fe80::1%eth0",
    "10.0.0.1",
    "10.0.0.256",
    "10.1",
    "10.0.0.0/8",
    "10.0.0.0/33",
    "10.0.0.0/008",
    "fd00::/8",
    "fd00::/129",
    "http://a",
  ],
  [
    "http://a",
    "HTTPS://a:1/b",
    "http://a/b@c",
    "http://a@b",
    "http://a?b",
    "http://a#b",
    "http://a/#",
    "http://a/?b",
    "http://a$${b}",
    "http://a/b c",
    "http://",
    "ftp://a",
    "unix:/a",
    "unix:a",
    "unix://a",
    "unix:/a b",
    "http://a/$${b}",
    "http://a/${b}",
    "a:80",
  ],
  [
    "header:a",
    "header:a b",
    "header:",
    "cookie:a b",
    "cookie:\n",
    "query:$",
    "query:$${a}",
    "query:${a}",
    "query:",
    "2xx",
    "6xx",
  ],
  [
    "GET",
    "get",
    "PURGE",
    "G T",
    "text/*",
    "text/plain",
    "*/*",
    "text/",
    "text/a;b",
    "http",
    "https",
    "default",
    "strict",
    "upstream",
    "preserve",
    "drop",
    "always",
    "random",
    "fair",
  ],
  [
    "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----",
    "-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----",
  ],
  [
    ["a"],
    ["a", 1],
    ["/"],
    ["GET"],
    ["http://a"],
    [{ url: "http://a" }],
    [{ name: "a" }],
    [{}],
    { a: "b" },
    { a: 1 },
    { a: true },
  ],
  [
    { exact: "/a" },
    { prefix: "/a", exact: "/b" },
    { pattern: "/:a/*" },
    { pattern: "/a*" },
    { regex: "a" },
    { regex: "a", exact: "a" },
  ],
  [
    { set: { Host: "a" } },
    { set: { "a b": "c" } },
    { set: { a: " b" } },
    { remove: "te" },
    { remove: [] },
    { append: { a: [] } },
  ],
  [
    { status: 204, body: "a" },
    { status: 204 },
    { status: 204, body: "" },
    { prefix: "/a", path: "/b" },
    { status: 302 },
    { stripPrefix: true, path: "/a" },
    { stripPrefix: false, path: "/a" },
    { url: "http://a" },
    { endpoints: [] },
  ],
].flat();

const piece = fc.constantFrom(
  ...Array.from("aZ09./:*$ {}-_~%?#@[],;|é\t\n😀"),
  "${",
  "$${",
  "http://",
  "xn--",
  "}",
  "ms",
  "KB",
);

/** Texts of what stands in texts that mean something. */
const nearText = fc.array(piece, { maxLength: 9 }).map((parts) => parts.join(""));

/** A text that is right where another stands, with a piece of it replaced. */
const edited = (text: string): fc.Arbitrary<string> =>
  fc
    .tuple(fc.nat({ max: text.length }), fc.nat({ max: 2 }), fc.option(piece, { nil: "" }))
    .map(([start, cut, put]) => text.slice(0, start) + put + text.slice(start + cut));

describe("JSON Schema and parser", () => {
  it("agree on every value in every place", () => {
    expect(DISTINCT.length).toBeGreaterThan(70);
    const found = DISTINCT.flatMap(({ piece, path }) =>
      [...VALUES, ...words(schemaAt(configSchema, path)?.json)].flatMap((value) =>
        told(`${showPath(path)} = ${JSON.stringify(value)}`, replaceAt(piece, path, value)),
      ),
    );
    expect(found).toEqual([]);
  }, 60_000);

  it("agree on every key that is left out, and on unknown ones", () => {
    const found = [
      ...SPOTS.flatMap((spot) => told(`without ${showPath(spot.path)}`, without(spot))),
      ...["colour", "a b", "${env:A}", ""].flatMap((key) =>
        OBJECTS.flatMap((spot) => told(`${showPath(spot.path)}: ${key}`, withKey(spot, key))),
      ),
    ];
    expect(found).toEqual([]);
  });

  it("agree on every action and combination of a route's parts", () => {
    const parts = {
      upstream: "a",
      redirect: { scheme: "https" },
      respond: {},
      rewrite: { path: "/" },
      requestHeaders: {},
      responseHeaders: {},
      timeouts: {},
      match: { path: "/a/*" },
    };
    fc.assert(
      fc.property(fc.subarray(Object.entries(parts)), (chosen) => {
        const input = { upstreams: { a: "http://a" }, routes: [Object.fromEntries(chosen)] };
        expect(disagreement(input)).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  it("agree on texts that are nearly right", () => {
    fc.assert(
      fc.property(
        fc
          .constantFrom(...LEAVES)
          .chain((spot) => fc.tuple(fc.constant(spot), fc.oneof(nearText, edited(String(spot.value))))),
        ([{ piece: whole, path }, text]) => {
          expect(disagreement(replaceAt(whole, path, text))).toBeUndefined();
        },
      ),
      { numRuns: 2000 },
    );
  }, 60_000);

  it("take a reference wherever a single value stands, or a list of them", () => {
    const lists = SPOTS.filter(
      ({ value, path }) =>
        Array.isArray(value) &&
        value.every((item) => typeof item !== "object") &&
        (schemaAt(configSchema, path)?.element?.scalars.length ?? 0) > 0,
    );
    const found = [...LEAVES, ...lists].flatMap(({ piece, path, value }) => {
      // Beside texts a reference is a text.
      if (typeof value !== "string" && schemaAt(configSchema, path)?.scalars.includes("string") === true)
        return [];
      const input = replaceAt(piece, path, "${env:VALUE}");
      return [
        ...said(input, { VALUE: String(value) }),
        ...(validate(input) ? [] : ["refused by the JSON Schema"]),
      ].map((message) => `${showPath(path)}: ${message}`);
    });
    expect(found).toEqual([]);
  });

  it.each(PARSER_ONLY)("leave %s to the parser: %s", (pattern, _, input) => {
    expect(said(input).some((message) => pattern.test(message))).toBe(true);
    expect(validate(input)).toBe(true);
  });
});
