import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { effective } from "../../../src/config/effective.ts";
import { variableNames } from "../../../src/config/environment.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { configSchema, jsonSchema } from "../../../src/config/settings/config.ts";
import { starterConfig } from "../../../cli/starter.ts";
import { AT_SOCKETS, EVERYTHING, TLS } from "../../support/every-setting.ts";
import { load } from "../../support/config-files.ts";

const validate = new Ajv({ strict: false }).compile(jsonSchema());

const route = (given: object): object => ({ routes: [given] });

/** Every key that an object of the schema may have, as a path with "*" for names of the user's choice. */
const keysOf = (schema: unknown, path: string): string[] => {
  const {
    properties = {},
    additionalProperties,
    items,
    anyOf = [],
  } = schema as {
    properties?: Record<string, unknown>;
    additionalProperties?: unknown;
    items?: unknown;
    anyOf?: unknown[];
  };
  return [
    ...Object.entries(properties).flatMap(([key, inner]) => [
      `${path}.${key}`,
      ...keysOf(inner, `${path}.${key}`),
    ]),
    ...(typeof additionalProperties === "object" ? keysOf(additionalProperties, `${path}.*`) : []),
    ...(items === undefined ? [] : keysOf(items, path)),
    ...anyOf.flatMap((form) => keysOf(form, path)),
  ];
};

/** The same of a value. */
const usedIn = (value: unknown, path: string, maps: RegExp): string[] => {
  if (Array.isArray(value)) return value.flatMap((item) => usedIn(item, path, maps));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const at = maps.test(path) ? `${path}.*` : `${path}.${key}`;
    return [...(maps.test(path) ? [] : [at]), ...usedIn(inner, at, maps)];
  });
};

const MAPS =
  /(?:^\.upstreams|\.match\.(?:headers|query|cookies)|Headers\.(?:set|append|headers)|respond\.headers|http\.headers)$/;

describe("JSON Schema", () => {
  it("accepts what the parser accepts, every key of it", () => {
    for (const example of [EVERYTHING, AT_SOCKETS]) {
      expect(() => parseConfig(example)).not.toThrow();
      validate(example);
      expect(validate.errors ?? []).toEqual([]);
    }
  });

  it("has no key that these examples do not use, with its default where it has one", () => {
    const examples = [EVERYTHING, AT_SOCKETS, effective(EVERYTHING, () => undefined)];
    const used = new Set(examples.flatMap((example) => usedIn(example, "", MAPS)));
    const unused = new Set(keysOf(jsonSchema(), "").filter((key) => !used.has(key)));
    expect([...unused]).toEqual([]);
  });

  it.each([
    ["an unknown key", { listn: {} }],
    ["a wrong type", { listen: { limits: { headers: "many" } } }],
    ["a missing url", { upstreams: { a: [{ weight: 1 }] } }],
    ["a word that is none", { requestId: { trust: "sometimes" } }],
    ["a duration that is none", { listen: { timeouts: { header: "soon" } } }],
    ["a size that is none", { listen: { limits: { bodyBytes: "3 bananas" } } }],
    ["a negative size", { listen: { limits: { headerBytes: -1 } } }],
    ["a port that is none", { listen: { port: "70000" } }],
    ["a port and a socket", { listen: { port: 80, socket: "/run/a" } }],
    ["a socket without its whole path", { listen: { socket: "a.sock" } }],
    ["a socket and a host", { admin: { host: "::1", socket: "/run/a" } }],
    ["neither port nor socket", { listen: { also: [{ host: "::1" }] } }],
    ["permissions that are none", { listen: { also: [{ socket: "/run/a", socketMode: "0888" }] } }],
    ["a load balancer without an address", { listen: { proxyProtocol: { from: [] } } }],
    ["a version of TLS beside the modern profile", { listen: { tls: { ...TLS, profile: "modern" } } }],
    ["a URL without scheme", { upstreams: { a: "localhost:3000" } }],
    ["an empty list", { upstreams: { a: [] } }],
    ["a path without its slash", route({ match: { path: "a" }, respond: {} })],
    ["two forms of a value", route({ match: { query: { a: { exact: "b", regex: "c" } } }, respond: {} })],
    ["a route that does nothing", route({ match: {} })],
    ["a route that does two things", route({ respond: {}, redirect: { path: "/" } })],
    ["a method that is none", route({ match: { method: "get" }, respond: {} })],
    ["a header that is nobody's to edit", route({ upstream: "a", requestHeaders: { set: { Host: "b" } } })],
    ["an unknown variable", route({ upstream: "a", rewrite: { path: "/${request.pth}" } })],
  ])("refuses %s", (_, input) => {
    expect(validate(input)).toBe(false);
  });

  it("leaves keys alone that begin with x-, a place for anchors", () => {
    expect(validate({ "x-base": { anything: [1] }, upstreams: { a: "http://a" } })).toBe(true);
  });

  it.each([
    { listen: { limits: { headers: "${env:X:-7}", connections: "${file:x}" }, port: "${env:X}" } },
    {
      upstreams: {
        a: { endpoints: [{ url: "http://${env:X}:80", weight: "${env:X}" }], balance: "${env:X}" },
      },
    },
    {
      upstreams: {
        a: { endpoints: "${env:X}", tls: { verify: "${env:X}" }, pool: { idle: "${env:X}" } },
      },
    },
    route({ redirect: { status: "${env:X}", scheme: "${env:X}", port: "${env:X}" } }),
    { validation: { methods: "${env:X}", underscores: "${env:X}" }, securityHeaders: { preset: "${env:X}" } },
    { requestId: { trust: "${env:X}" }, forwarding: { xForwarded: "${env:X}", via: "${env:X}" } },
  ])("accepts references in place of whatever they become: %j", (input) => {
    expect(validate(input)).toBe(true);
  });

  it.each([
    ["an object where x- stands further down", { listen: { "x-a": 1 } }],
    ["beside a number", { listen: { limits: { headers: "1${env:X}" } } }],
    ["escaped", { listen: { limits: { headers: "$${env:X}" } } }],
    ["in a key", { validation: { "${env:X}": 1 } }],
    ["in a header's name", route({ upstream: "a", requestHeaders: { set: { "${env:X}": "b" } } })],
    ["in place of an object", { listen: "${env:X}" }],
  ])("refuses a reference %s", (_, input) => {
    expect(validate(input)).toBe(false);
  });

  it("is one that validators take as strictly as they are by default", () => {
    expect(() => new Ajv({ logger: false }).compile(jsonSchema())).not.toThrow();
  });

  it("has no pattern that looks ahead or behind, which some engines can't", () => {
    expect(JSON.stringify(jsonSchema())).not.toMatch(/\(\?<?[=!]/);
  });

  it("describes every key and names the defaults", () => {
    const undescribed: string[] = [];
    const visit = (schema: unknown, path: string): void => {
      const {
        properties = {},
        anyOf = [],
        items,
        additionalProperties,
      } = schema as {
        properties?: Record<string, { description?: string }>;
        anyOf?: unknown[];
        items?: unknown;
        additionalProperties?: unknown;
      };
      for (const [key, inner] of Object.entries(properties)) {
        if (inner.description === undefined) undescribed.push(`${path}.${key}`);
        visit(inner, `${path}.${key}`);
      }
      for (const inner of [...anyOf, items, additionalProperties]) {
        if (typeof inner === "object" && inner !== null) visit(inner, path);
      }
    };
    visit(jsonSchema(), "");
    expect(undescribed).toEqual([]);
    expect(jsonSchema()).toMatchObject({
      properties: { listen: { properties: { port: { default: 8080 } } } },
    });
  });
});

describe("starter config", () => {
  it("is accepted", async () => {
    expect(await load({ files: { "fairlead.jsonc": starterConfig("./schema.json") } })).toBeDefined();
  });
});

describe("environment names", () => {
  it("exist for every scalar and every list of texts outside of names and lists", () => {
    expect(variableNames(configSchema)).toContain("FAIRLEAD_LISTEN_TRUSTED_PROXIES");
  });
});
