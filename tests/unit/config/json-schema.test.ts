import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { variableNames } from "../../../src/config/environment.ts";
import { jsonSchema } from "../../../src/config/json-schema.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { configSchema } from "../../../src/config/schema/config.ts";
import { STARTER_CONFIG } from "../../../cli/starter.ts";
import { load } from "../../support/config-files.ts";

const validate = new Ajv({ strict: false }).compile(jsonSchema());

const edits = { set: { a: "b" }, append: { c: "d", e: ["f"] }, remove: ["g"] };
const values = { a: "b", c: true, d: { exact: "e" }, f: { regex: "g" } };

const EVERYTHING = {
  $schema: "./schema.json",
  listen: {
    port: "8080",
    host: "::",
    trustedProxies: "10.0.0.0/8",
    readyPath: "/readyz",
    limits: {
      headerBytes: "16KiB",
      headers: 50,
      targetBytes: 4096,
      bodyBytes: "unlimited",
      connections: 10,
      requestsPerConnection: 10,
    },
    timeouts: { header: "5s", keepAlive: 1000 },
    drain: { delay: 0, timeout: "1m" },
  },
  upstreams: {
    a: "http://a",
    b: ["http://a", { url: "http://b", weight: 2 }],
    c: {
      endpoints: [{ url: "https://c", weight: 1 }],
      balance: "random",
      host: "preserve",
      tls: { verify: false, serverName: "c.example" },
      timeouts: { connect: "1s", firstByte: "2s", idle: "3s" },
      pool: { connections: 1, keepAlive: "1s", pipelining: 1 },
    },
  },
  routes: [
    {
      name: "all",
      match: [
        {
          host: ["a.example", "*.b.example"],
          path: "/a/*",
          method: "GET",
          headers: values,
          query: values,
          cookies: values,
        },
        { path: { prefix: "/b" } },
      ],
      upstream: [{ name: "a", weight: 1, requestHeaders: edits, responseHeaders: edits }, { name: "b" }],
      rewrite: { host: "x.example", stripPrefix: true },
      requestHeaders: edits,
      responseHeaders: edits,
      timeouts: { total: "1m", firstByte: "1s", idle: "1s" },
      bodyBytes: "1MB",
    },
    {
      match: { path: { exact: "/c" } },
      redirect: { status: 301, scheme: "https", host: "d", port: 1, path: "/" },
    },
    { match: { path: { pattern: "/d/:e/*" } }, redirect: { prefix: "/f" } },
    { match: { path: "/g/*" }, upstream: "c", rewrite: { prefix: "/h" } },
    { match: { path: "/i" }, upstream: "c", rewrite: { path: "/j" } },
    { match: { path: "/k" }, respond: { status: 201, headers: { a: "b" }, body: "c" } },
  ],
  validation: { methods: ["GET"], hosts: ["a.example"], contentTypes: ["text/*"], underscores: "reject" },
  securityHeaders: { preset: "strict", headers: { "x-a": "b", "x-c": false }, override: true, remove: [] },
  requestId: { header: "x-id", trust: "always" },
  forwarding: { xForwarded: false, forwarded: true, via: false },
};

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
  /(?:^\.upstreams|\.match\.(?:headers|query|cookies)|Headers\.(?:set|append|headers)|respond\.headers)$/;

describe("JSON Schema", () => {
  it("accepts what the parser accepts, every key of it", () => {
    expect(() => parseConfig(EVERYTHING)).not.toThrow();
    validate(EVERYTHING);
    expect(validate.errors ?? []).toEqual([]);
  });

  it("has no key that this example does not use, but for those that need PEM texts", () => {
    const used = new Set(usedIn(EVERYTHING, "", MAPS));
    const unused = new Set(keysOf(jsonSchema(), "").filter((key) => !used.has(key)));
    expect([...unused]).toEqual([".upstreams.*.tls.ca", ".upstreams.*.tls.cert", ".upstreams.*.tls.key"]);
  });

  it.each([
    ["an unknown key", { listn: {} }],
    ["a wrong type", { listen: { limits: { headers: "many" } } }],
    ["a missing url", { upstreams: { a: [{ weight: 1 }] } }],
    ["a word that is none", { requestId: { trust: "sometimes" } }],
  ])("refuses %s", (_, input) => {
    expect(validate(input)).toBe(false);
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
    expect(await load({ files: { "fairlead.jsonc": STARTER_CONFIG } })).toBeDefined();
  });
});

describe("environment names", () => {
  it("exist for every scalar and every list of texts outside of names and lists", () => {
    expect(variableNames(configSchema)).toContain("FAIRLEAD_LISTEN_TRUSTED_PROXIES");
  });
});
