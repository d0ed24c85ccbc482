import { describe, expect, it } from "vitest";
import type { ConfigProblem } from "../../../src/config/problem.ts";
import { located } from "../../../src/config/locate.ts";
import { load, loadSome, reportOf } from "../../support/config-files.ts";

const APP = '{ "upstreams": { "app": "http://a" } }';

const portOf = async (sources: Parameters<typeof loadSome>[0]): Promise<number> =>
  (await loadSome(sources)).config.listen.port;

describe("precedence", () => {
  const file = { "fairlead.json": '{ "upstreams": { "app": "http://a" }, "listen": { "port": 1 } }' };
  const env = { FAIRLEAD_LISTEN_PORT: "2" };
  const flags = { listen: { port: 3 } };

  it("is defaults, file, environment, flags", async () => {
    expect(await portOf({ files: { "fairlead.json": APP } })).toBe(8080);
    expect(await portOf({ files: file })).toBe(1);
    expect(await portOf({ files: file, env })).toBe(2);
    expect(await portOf({ files: file, env, flags })).toBe(3);
  });

  it("puts FAIRLEAD_ before PINGORA_, and PORT behind all", async () => {
    const alias = { PINGORA_LISTEN_PORT: "4", PORT: "5" };
    expect(await portOf({ files: file, env: { ...alias, ...env } })).toBe(2);
    expect(await portOf({ files: file, env: alias })).toBe(4);
    expect(await portOf({ files: file, env: { PORT: "5" } })).toBe(1);
    expect(await portOf({ files: { "fairlead.json": APP }, env: { PORT: "5" } })).toBe(5);
  });

  it("counts an empty variable as unset", async () => {
    expect(await portOf({ files: file, env: { FAIRLEAD_LISTEN_PORT: "" } })).toBe(1);
  });

  it("keeps the long form's keys where a short form is laid over it", async () => {
    const long = '{ "upstreams": { "app": { "endpoints": "http://a", "balance": "random" } } }';
    const { config } = await loadSome({
      files: { "fairlead.json": long },
      flags: { upstreams: { app: ["http://b", "http://c"] } },
    });
    expect(config.upstreams["app"]).toMatchObject({
      endpoints: [{ url: "http://b" }, { url: "http://c" }],
      balance: { policy: "random" },
    });
  });
});

describe("file", () => {
  it("is looked for under its usual names", async () => {
    const yaml = "upstreams: { app: http://yaml }";
    const { config, sources } = await loadSome({ files: { "fairlead.yaml": yaml } });
    expect(config.upstreams["app"]?.endpoints[0]?.url).toBe("http://yaml");
    expect(sources).toEqual(["fairlead.yaml"]);
  });

  it("may be named by a variable, or before it by an option", async () => {
    const files = { "a.json": '{ "upstreams": { "a": "http://a" } }', "b.yml": "upstreams: { b: http://b }" };
    const env = { FAIRLEAD_CONFIG: "a.json" };
    expect((await loadSome({ files, env })).sources).toEqual(["a.json"]);
    expect((await loadSome({ files, env, file: "./b.yml" })).sources).toEqual(["./b.yml"]);
  });

  it("may be a module", async () => {
    const { config } = await loadSome({ modules: { "fairlead.ts": { upstreams: { app: "http://ts" } } } });
    expect(config.upstreams["app"]?.endpoints[0]?.url).toBe("http://ts");
  });

  it("may be a module of any name that says so", async () => {
    const { sources } = await loadSome({ modules: { "fairlead.mts": { upstreams: { app: "http://mts" } } } });
    expect(sources).toEqual(["fairlead.mts"]);
  });

  it("may hold comments, trailing commas and a byte order mark", async () => {
    const text = '\u{feff}{ /* a */ "upstreams": { "app": "http://a", }, // b\n }';
    expect(Object.keys((await loadSome({ files: { "fairlead.json": text } })).config.upstreams)).toEqual([
      "app",
    ]);
  });

  it("may be missing, and then nothing is configured", async () => {
    expect(await load({})).toBeUndefined();
    expect(await load({ env: { PORT: "1", FAIRLEAD_LISTEN_HOST: "::1" } })).toBeUndefined();
  });
});

describe("environment", () => {
  it("alone is a whole config", async () => {
    const { config, sources } = await loadSome({ env: { FAIRLEAD_UPSTREAM: "http://localhost:3000" } });
    expect(config.routes[0]?.upstreams?.[0]?.name).toBe("default");
    expect(config.upstreams["default"]?.endpoints).toMatchObject([
      { url: "http://localhost:3000", weight: 1 },
    ]);
    expect(sources).toEqual(["FAIRLEAD_UPSTREAM"]);
  });

  it("takes a list of endpoints, for the only upstream there is", async () => {
    const { config } = await loadSome({
      files: { "fairlead.json": APP },
      env: { FAIRLEAD_UPSTREAMS: "http://b, http://c" },
    });
    expect(config.upstreams["app"]?.endpoints.map(({ url }) => url)).toEqual(["http://b", "http://c"]);
  });

  it("does not guess which of several upstreams is meant", async () => {
    const files = {
      "fairlead.yaml": "upstreams: { a: http://a, b: http://b }\nroutes: [{ upstream: a }]",
    };
    expect(await reportOf({ files, env: { FAIRLEAD_UPSTREAM: "http://c" } })).toBe(
      "The config has a problem:\n\nFAIRLEAD_UPSTREAM: the file has several upstreams; set one by its name, as in FAIRLEAD_UPSTREAMS_API_ENDPOINTS\n",
    );
  });

  it("reaches named upstreams and numbered routes of the file", async () => {
    const files = {
      "fairlead.yaml":
        "upstreams: { my-api: http://a }\nroutes: [{ upstream: my-api, match: { path: /a/* } }]",
    };
    const { config, explicit } = await loadSome({
      files,
      env: {
        FAIRLEAD_UPSTREAMS_MY_API_TIMEOUTS_CONNECT: "1s",
        FAIRLEAD_ROUTES_0_REWRITE_STRIP_PREFIX: "true",
        FAIRLEAD_SECURITY_HEADERS: "false",
        FAIRLEAD_FORWARDING_VIA: "edge",
        FAIRLEAD_VALIDATION_METHODS: "GET,POST",
        FAIRLEAD_UPSTREAMS_MY_API_RETRY_CODES: "502, 503",
        FAIRLEAD_UPSTREAMS_MY_API_HEALTH: "/healthz",
        FAIRLEAD_UPSTREAMS_MY_API_HEALTH_STATUSES: "200,3xx",
      },
    });
    expect(config.upstreams["my-api"]).toMatchObject({
      timeouts: { connectMs: 1000 },
      retry: { codes: [502, 503] },
      health: { path: "/healthz", statuses: [200, "3xx"] },
    });
    expect(config.routes[0]?.rewrite?.stripPrefix).toBe(true);
    expect(config.securityHeaders).toBe(false);
    expect(config.forwarding.via).toBe("edge");
    expect(config.validation.methods).toEqual(["GET", "POST"]);
    expect(explicit).toContain("upstreams.my-api.timeouts.connect");
    expect(explicit).toContain("routes.0.rewrite.stripPrefix");
    expect(explicit).not.toContain("listen.port");
  });

  it("ignores what Kubernetes sets for a service of this name", async () => {
    const env = {
      FAIRLEAD_UPSTREAM: "http://a",
      FAIRLEAD_SERVICE_HOST: "10.0.0.1",
      FAIRLEAD_SERVICE_PORT_HTTP: "80",
      FAIRLEAD_PORT: "tcp://10.0.0.1:80",
      FAIRLEAD_PORT_80_TCP_ADDR: "10.0.0.1",
    };
    expect((await loadSome({ env })).sources).toEqual(["FAIRLEAD_UPSTREAM"]);
  });

  it.each([
    ["FAIRLEAD_PORT", "9123", "unknown variable; did you mean FAIRLEAD_LISTEN_PORT or FAIRLEAD_ADMIN_PORT?"],
    ["FAIRLEAD_SERVICE_PORT", "9123", "unknown variable; no setting has this name"],
    ["FAIRLEAD_CONFG", "x", "unknown variable; did you mean FAIRLEAD_CONFIG?"],
    ["FAIRLEAD_COLOUR", "x", "unknown variable; no setting has this name"],
    ["FAIRLEAD_ROUTES", "x", "no variable can set routes; set it in the file"],
    [
      "FAIRLEAD_TELEMETRY_OTLP_HEADERS",
      "a=b",
      "no variable can set telemetry.otlp.headers; set it in the file",
    ],
    ["FAIRLEAD_UPSTREAMS_DEFAULT_POOL_KEEPALIVE", "1s", "FAIRLEAD_UPSTREAMS_DEFAULT_POOL_KEEP_ALIVE?"],
  ])("%s=%s is no setting, and is told what it may be", async (name, value, said) => {
    expect(await reportOf({ env: { FAIRLEAD_UPSTREAM: "http://a", [name]: value } })).toContain(said);
  });

  it("can be about the upstream that another variable or the command line names", async () => {
    const env = { FAIRLEAD_UPSTREAMS_DEFAULT_TIMEOUTS_CONNECT: "1s" };
    const flags = { upstreams: { default: { endpoints: "http://a" } } };
    for (const sources of [{ env: { ...env, FAIRLEAD_UPSTREAM: "http://a" } }, { env, flags }]) {
      const { config } = await loadSome(sources);
      expect(config.upstreams["default"]).toMatchObject({
        endpoints: [{ url: "http://a" }],
        timeouts: { connectMs: 1000 },
      });
    }
  });
});

describe("places", () => {
  it("are not looked for where nothing is wrong", async () => {
    const file = {
      name: "fairlead.json",
      path: "/fairlead.json",
      input: {},
      problems: [],
      places: () => Promise.reject(new Error("the file is read again")),
    };
    expect(await located({ file, env: [], flags: [] }, [])).toEqual([]);
  });
});

describe("anchors", () => {
  it("have a place in keys that begin with x-, and are merged by <<", async () => {
    const files = {
      "fairlead.yaml": `
x-pool: &pool { connections: 5, keepAlive: 1s }
x-slow: &slow { timeouts: { firstByte: 1m }, pool: { <<: *pool, keepAlive: 2s } }
x-unused: "\${env:NOT_SET}"
upstreams:
  a: { <<: *slow, endpoints: http://a }
  b: { <<: [{ balance: random }, *slow], endpoints: http://b }
routes: [{ upstream: a, match: { path: /a/* } }, { upstream: b }]`,
    };
    const { config, masked } = await loadSome({ files });
    const both = { timeouts: { firstByteMs: 60_000 }, pool: { connections: 5, keepAliveMs: 2000 } };
    expect(config.upstreams["a"]).toMatchObject({ ...both, balance: { policy: "p2c" } });
    expect(config.upstreams["b"]).toMatchObject({ ...both, balance: { policy: "random" } });
    expect(Object.keys(masked() as object).filter((key) => key.startsWith("x-"))).toEqual([]);
  });

  it("have no place below the top", async () => {
    const files = { "fairlead.json": '{ "upstreams": { "a": "http://a" }, "listen": { "x-a": 1 } }' };
    expect(await reportOf({ files })).toContain("listen.x-a: unknown key");
  });
});

describe("a hostile file", () => {
  it("can't reach a prototype", async () => {
    const files = { "fairlead.json": '{ "upstreams": { "a": "http://a", "__proto__": { "x": 1 } } }' };
    expect(await reportOf({ files })).toContain("upstreams.__proto__: this can't be a name");
    const top = {
      "fairlead.json": '{ "upstreams": { "a": "http://a" }, "__proto__": { "listen": { "port": 1 } } }',
    };
    expect(await reportOf({ files: top, env: { FAIRLEAD_LISTEN_PORT: "2" } })).toContain(
      "__proto__: unknown key",
    );
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  it.each([
    ["fairlead.json", `{ "a": ${"[".repeat(200_000)}${"]".repeat(200_000)} }`],
    ["fairlead.yaml", "upstreams: &a\n  x: *a\n"],
    [
      "fairlead.yml",
      `a: &a [1]\n${"bcdefghi"
        .split("")
        .map((c, i) => `${c}: &${c} [${`*${"abcdefgh"[i]},`.repeat(9)}]`)
        .join("\n")}`,
    ],
  ])("that holds itself or goes too deep is refused (%s)", async (name, text) => {
    expect(await reportOf({ files: { [name]: text } })).toMatch(/nested too deeply|unfold too far|not YAML/);
  });

  it("that goes too deep is told with a place where the reader has one", async () => {
    const text = `a: ${"[".repeat(20_000)}${"]".repeat(20_000)}`;
    expect(await reportOf({ files: { "fairlead.yaml": text } })).toMatch(
      /fairlead\.yaml:1:\d+: nested too deeply\n/,
    );
  });

  it("that is a module which holds itself is refused", async () => {
    const self: Record<string, unknown> = {};
    self["self"] = self;
    expect(await reportOf({ modules: { "fairlead.ts": self } })).toContain("nested too deeply");
  });

  it.each([["constructor"], ["toString"], ["hasOwnProperty"]])("has an unknown key in %s", async (key) => {
    const files = { "fairlead.json": `{ "upstreams": { "a": "http://a" }, "${key}": 1 }` };
    expect(await reportOf({ files })).toContain(`${key}: unknown key`);
  });
});

describe("references", () => {
  it("bring in variables and files, seen from where they are named", async () => {
    const files = {
      "conf/site.yaml": `upstreams: { app: "http://\${env:HOST}:3000" }
routes: [{ upstream: app, requestHeaders: { set: { x-token: "Bearer \${file:token}" } } }]`,
      "conf/token": "s3cret\n",
    };
    const { config } = await loadSome({ file: "conf/site.yaml", files, env: { HOST: "inner" } });
    expect(config.upstreams["app"]?.endpoints[0]?.url).toBe("http://inner:3000");
    expect(config.routes[0]?.requestHeaders?.set["x-token"]).toBe("Bearer s3cret");
  });

  it("stay text where they are escaped", async () => {
    const files = {
      "fairlead.yaml": 'upstreams: { app: http://a }\nroutes: [{ respond: { body: "$${env:HOME}" } }]',
    };
    expect((await loadSome({ files })).config.routes[0]?.respond?.body).toBe("${env:HOME}");
  });

  it("have a default where the variable is unset or empty", async () => {
    const files = {
      "fairlead.yaml": `
upstreams: { app: "http://\${env:HOST:-localhost}:\${env:PORT_:-3000}" }
listen: { limits: { headers: "\${env:N:-7}" }, host: "\${env:ANY:-::1}" }
validation: { methods: "\${env:METHODS:-GET,POST}" }
routes: [{ upstream: app, requestHeaders: { set: { x-a: "\${env:A:-}b" } } }]`,
    };
    const { config, masked } = await loadSome({ files, env: { HOST: "inner", PORT_: "" } });
    expect(config.upstreams["app"]?.endpoints[0]?.url).toBe("http://inner:3000");
    expect(config.listen).toMatchObject({ limits: { headers: 7 }, host: "::1" });
    expect(config.validation.methods).toEqual(["GET", "POST"]);
    expect(config.routes[0]?.requestHeaders?.set["x-a"]).toBe("b");
    // What stands in the file is no secret; what came from elsewhere is.
    expect(masked()).toMatchObject({
      listen: { limits: { headers: 7 }, host: "::1" },
      upstreams: { app: { endpoints: { url: "http://***:3000" } } },
    });
  });

  it("keep a default that stands in for a credential secret", async () => {
    const routes = [{ upstream: "a", requestHeaders: { set: { authorization: "${env:TOKEN:-hunter2}" } } }];
    const text = JSON.stringify({ upstreams: { a: "http://a" }, routes });
    const { masked } = await loadSome({ files: { "fairlead.json": text } });
    expect(JSON.stringify(masked())).not.toContain("hunter2");
    const report = await reportOf({ files: { "fairlead.json": text.replace('"http', '"htp') } });
    expect(report).toContain("upstreams.a: expected a URL");
    expect(report).not.toContain("hunter2");
  });

  it("may stand for numbers", async () => {
    const files = {
      "fairlead.yaml": 'upstreams: { app: http://a }\nlisten: { limits: { headers: "${env:N}" } }',
    };
    expect((await loadSome({ files, env: { N: "12" } })).config.listen.limits.headers).toBe(12);
  });
});

describe("a reference to the environment", () => {
  it.each(["constructor", "toString", "__proto__"])("finds no %s that every object has", async (name) => {
    const files = { "fairlead.json": JSON.stringify({ routes: [{ respond: { body: `\${env:${name}}` } }] }) };
    expect(await reportOf({ files, env: {} })).toContain(`the environment variable ${name} is not set`);
  });
});

describe("the masked config", () => {
  it("has every default and is a config itself", async () => {
    const { config, masked } = await loadSome({ files: { "fairlead.json": APP } });
    const shown = masked();
    expect(shown).toMatchObject({
      listen: { port: 8080, limits: { bodyBytes: "100MiB" } },
      upstreams: { app: { endpoints: { url: "http://a", weight: 1 }, balance: { policy: "p2c" } } },
      routes: [{ name: "route 1", upstream: "app" }],
      securityHeaders: { preset: "default" },
    });
    const again = await loadSome({ files: { "fairlead.json": JSON.stringify(shown) } });
    expect(again.config).toEqual(config);
  });

  it("hides what came from elsewhere, keys and credentials", async () => {
    const key = "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----";
    const cert = "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----";
    const upstreams = { app: { endpoints: "https://${env:HOST}/", tls: { key, cert } } };
    const routes = [
      { upstream: "app", requestHeaders: { set: { authorization: "Basic hunter2", "x-a": "a ${env:A}" } } },
      { upstream: "app", requestHeaders: { set: { "x-auth-key": "hunter2", "x-author": "me" } } },
      { upstream: "app", match: { query: { access_token: "hunter2" }, cookies: { session: "hunter2" } } },
    ];
    const { masked } = await loadSome({
      files: { "fairlead.json": JSON.stringify({ upstreams, routes }) },
      env: { HOST: "hunter2.example", A: "hunter2" },
    });
    expect(JSON.stringify(masked())).not.toContain("hunter2");
    expect(masked()).toMatchObject({
      upstreams: { app: { endpoints: { url: "https://***/" }, tls: { key: "***", cert } } },
      routes: [
        { requestHeaders: { set: { authorization: "***", "x-a": "a ***" } } },
        { requestHeaders: { set: { "x-auth-key": "***", "x-author": "me" } } },
        { match: { query: { access_token: "***" }, cookies: { session: "***" } } },
      ],
    });
  });
});

describe("places", () => {
  it("are known for every path", async () => {
    const files = { "fairlead.yaml": "upstreams:\n  app: http://a\nlisten:\n  port: 1\n" };
    const loaded = await loadSome({ files, env: { FAIRLEAD_LISTEN_HOST: "::1" } });
    const problems = ["port", "host"].map((key): ConfigProblem => ({
      path: ["listen", key],
      at: "value",
      message: "is wrong",
    }));
    const [host, port] = await loaded.located(problems);
    expect(port).toMatchObject({
      path: ["listen", "port"],
      place: { source: "fairlead.yaml", line: 4, column: 9 },
    });
    expect(host).toEqual({ ...problems[1], place: { source: "FAIRLEAD_LISTEN_HOST" } });
  });

  it.each([
    ["fairlead.json", '{\n"upstreams": { "app":\n["http://a", "b:1"] } }'],
    ["fairlead.yaml", 'upstreams:\n  app:\n   ["http://a", "b:1"]'],
  ])("are found in a short form of %s that a variable made a long one", async (name, text) => {
    const report = await reportOf({
      files: { [name]: text },
      env: { FAIRLEAD_UPSTREAMS_APP_BALANCE: "random" },
    });
    expect(report).toMatch(/:3:\d+: upstreams\.app\.endpoints\[1\]: .*found "b:1"/);
    expect(report).toMatch(/\n {4}\| +\^{5}\n/);
  });

  it("follow aliases of YAML", async () => {
    const text = "upstreams:\n  a: &it\n    endpoints: http://a\n    balance: fair\n  b: *it\n";
    const report = await reportOf({ files: { "fairlead.yaml": text } });
    expect(report).toContain("fairlead.yaml:4:14: upstreams.a.balance: ");
    expect(report).toContain("fairlead.yaml:4:14: upstreams.b.balance: ");
  });
});
