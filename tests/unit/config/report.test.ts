import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../src/config/config-error.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { reportOf, type Sources } from "../../support/config-files.ts";

/** What is said against `input`, without a file around it. */
const problems = (input: unknown): readonly string[] => {
  try {
    parseConfig(input);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n");
    throw error;
  }
  return [];
};

const app = { upstreams: { app: "http://a" } };
const route = (given: object): unknown => ({ ...app, routes: [given] });

const DURATION = 'a duration such as 250 (milliseconds), "250ms", "10s", "5m", "1h" or "1d"';
const SIZE = 'a size such as 65536 (bytes), "64KB", "64KiB" or "1MB"';
const URL_FORMS = 'a URL such as "http://10.0.0.1:3000", "https://app.internal" or "unix:/run/app.sock"';
const PATH = 'a path such as "/login", "/v1/*" or "/users/:id"';
const OWNED = "this one belongs to the connection or the framing, which the proxy decides";
const HEADER_RULE = "no line breaks or control characters, none beyond U+00FF, no space at the ends";

const PEM_KEY = "-----BEGIN PRIVATE KEY-----\nMIGHhunter2\n-----END PRIVATE KEY-----\n";

/** One mistake each, and all that is said about it. */
const MISTAKES: readonly (readonly [mistake: string, input: unknown, said: readonly string[]])[] = [
  ["no object", 5, ["expected an object, found 5"]],
  [
    "nothing in it",
    {},
    ['no upstream and no route; `"upstreams": { "app": "http://localhost:3000" }` is enough to start'],
  ],
  [
    "several upstreams and no route",
    { upstreams: { a: "http://a", b: "http://b" } },
    ["routes: no routes, so it is not known which of the upstreams a request goes to"],
  ],
  ["a misspelt key", { ...app, listn: {} }, ['listn: unknown key; did you mean "listen"?']],
  [
    "an unknown key",
    { ...app, forwarding: { colour: 1 } },
    ["forwarding.colour: unknown key; expected one of xForwarded, forwarded, via, clientCert"],
  ],
  [
    "a port out of range",
    { ...app, listen: { port: 70_000 } },
    ["listen.port: expected a port number from 0 to 65535, found 70000"],
  ],
  [
    "a port that is none",
    { ...app, listen: { port: "80a" } },
    ['listen.port: expected a port number from 0 to 65535, found "80a"'],
  ],
  [
    "a range that is none",
    { ...app, listen: { trustedProxies: ["10.0.0.0/33", "10.1", "::ffff:10.0.0.0/8"] } },
    [
      'listen.trustedProxies[0]: expected an IP address, a CIDR range such as "10.0.0.0/8" or "fd00::/8", or "unix", found "10.0.0.0/33"; the prefix length is from 0 to 32',
      'listen.trustedProxies[1]: expected an IP address, a CIDR range such as "10.0.0.0/8" or "fd00::/8", or "unix", found "10.1"',
      'listen.trustedProxies[2]: expected an IP address, a CIDR range such as "10.0.0.0/8" or "fd00::/8", or "unix", found "::ffff:10.0.0.0/8"; the prefix length of an IPv4-mapped range is from 96 to 128',
    ],
  ],
  [
    "a size and a duration that are none",
    { ...app, listen: { limits: { headerBytes: "3 bananas" }, timeouts: { header: "soon" } } },
    [
      `listen.limits.headerBytes: expected ${SIZE}, found "3 bananas"`,
      `listen.timeouts.header: expected ${DURATION}, found "soon"`,
    ],
  ],
  [
    "a duration that no timer can hold",
    { ...app, listen: { timeouts: { keepAlive: "25d" } } },
    ['listen.timeouts.keepAlive: expected a duration of at most "24d", found "25d"'],
  ],
  [
    "an endpoint without scheme",
    { upstreams: { app: ["http://a", "localhost:3000"] } },
    [
      `upstreams.app[1]: expected ${URL_FORMS}, found "localhost:3000"; did you mean "http://localhost:3000"?`,
    ],
  ],
  [
    "an endpoint with credentials",
    { upstreams: { app: "http://me@a" } },
    [
      `upstreams.app: expected ${URL_FORMS}, found "http://***@a"; leave the credentials out; set an authorization header in requestHeaders instead`,
    ],
  ],
  [
    "an endpoint with a password that nobody encoded",
    { upstreams: { app: "http://me:hunter/2@x@a:1", b: "me:hunter2@b:1" } },
    [
      `upstreams.app: expected ${URL_FORMS}, found "http://***@a:1"`,
      `upstreams.b: expected ${URL_FORMS}, found "***@b:1"`,
      "routes: no routes, so it is not known which of the upstreams a request goes to",
    ],
  ],
  [
    "a certificate and its key the wrong way round",
    { upstreams: { app: { endpoints: "https://a", tls: { cert: PEM_KEY, key: "x", ca: PEM_KEY } } } },
    [
      "upstreams.app.tls.ca: expected certificates as PEM text, found a private key; the PEM text holds something else",
      "upstreams.app.tls.cert: expected a certificate as PEM text, found a private key; the PEM text holds something else",
      'upstreams.app.tls.key: expected a private key as PEM text, found a secret value; take it from a file with "${file:path/to.pem}"',
    ],
  ],
  [
    "a file's name where a key is meant",
    { upstreams: { app: { endpoints: "https://a", tls: { cert: "a.pem", key: "./a.key" } } } },
    [
      'upstreams.app.tls.cert: expected a certificate as PEM text, found "a.pem"; take it from a file with "${file:path/to.pem}"',
      'upstreams.app.tls.key: expected a private key as PEM text, found "./a.key"; take it from a file with "${file:path/to.pem}"',
    ],
  ],
  [
    "the name of an authority's file",
    {
      upstreams: {
        app: { discovery: { kubernetes: { service: "app", server: "https://k", ca: "ca.crt" } } },
      },
    },
    [
      'upstreams.app.discovery.kubernetes.ca: expected certificates as PEM text, found "ca.crt"; take it from a file with "${file:path/to.pem}"',
    ],
  ],
  [
    "numbers and words beside them",
    {
      upstreams: {
        app: { endpoints: "http://a", pool: { connections: "unlimted" }, concurrency: { limit: 0 } },
      },
      listen: { limits: { bodyBytes: "Unlimited" } },
      threads: "al",
    },
    [
      `listen.limits.bodyBytes: expected ${SIZE}, or "unlimited", found "Unlimited"; did you mean "unlimited"?`,
      'threads: expected a whole number from 1 to 256, or "auto", found "al"',
      'upstreams.app.concurrency.limit: expected a whole number from 1 to 1000000, or "adaptive", found 0',
      'upstreams.app.pool.connections: expected a whole number from 1 to 100000, or "unlimited", found "unlimted"; did you mean "unlimited"?',
    ],
  ],
  [
    "URLs of discovery and of an authority",
    {
      upstreams: {
        a: { discovery: { dns: "app:3000" } },
        b: { discovery: { dns: "http://app/x" } },
        c: { discovery: { http: "http://me:hunter2@list/?all" } },
      },
      listen: {
        tls: { acme: { domains: "a.example", termsAgreed: true, directory: "http://ca" } },
        also: [{ port: 80 }],
      },
      routes: [{ respond: {} }],
    },
    [
      'listen.tls.acme.directory: expected a URL such as "https://ca.example/directory", found "http://ca"; an authority is reached by https',
      'upstreams.a.discovery.dns: expected a URL such as "http://app.internal:3000", found "app:3000"; did you mean "http://app:3000"?',
      'upstreams.b.discovery.dns: expected a URL such as "http://app.internal:3000", found "http://app/x"; leave the path out',
      'upstreams.c.discovery.http: expected a URL such as "http://app.internal:3000", found "http://***@list/?all"; leave the credentials out; set an authorization header in requestHeaders instead',
    ],
  ],
  [
    "variables in a spelling of other programs",
    {
      upstreams: { app: "${URL}" },
      listen: { port: "${PORT}", host: "${ENV:HOST:-secret}", readyPath: "/a${File:path.txt}" },
      admin: { port: 0, token: "${TOKEN:-hunter2}" },
      routes: [{ respond: { body: "of ${HOME}, ${ home }", headers: { "x-a": "${env.NAME}" } } }],
    },
    [
      'listen.port: expected a port number from 0 to 65535, found "${PORT}"; did you mean "${env:PORT}"?',
      'listen.host: expected an address or name to bind, such as "0.0.0.0", "::" or "127.0.0.1", found "${ENV:HOST:-secret}"; did you mean "${env:HOST}"?',
      'listen.readyPath: expected a path such as "/login", found "/a${File:path.txt}"; did you mean "${file:path.txt}"?',
      `upstreams.app: expected ${URL_FORMS}, found "\${URL}"; did you mean "\${env:URL}"?`,
      'routes[0].respond.headers.x-a: expected a header value, found "${env.NAME}"; did you mean "${env:NAME}"?',
      'routes[0].respond.body: expected text, found "of ${HOME}, ${ home }"; did you mean "${env:HOME}"?',
      'admin.token: expected a token of at least 16 characters, found a secret value; did you mean "${env:TOKEN}"?',
    ],
  ],
  [
    "true where an object belongs",
    {
      upstreams: {
        app: { endpoints: "http://a", breaker: true, retry: true, health: true, concurrency: true },
      },
      log: true,
    },
    [
      "upstreams.app.health: expected a path, or an object, found true; `{}` turns it on with its defaults",
      "upstreams.app.breaker: expected false or an object, found true; `{}` turns it on with its defaults",
      "upstreams.app.retry: expected false or an object, found true; `{}` turns it on with its defaults",
      "upstreams.app.concurrency: expected an object, found true",
      "log: expected an object, found true; `{}` turns it on with its defaults",
    ],
  ],
  [
    "true and false in other words",
    {
      upstreams: { app: { endpoints: "http://a", breaker: "no" } },
      admin: { port: 0, dashboard: "off" },
      securityHeaders: "No",
      requestId: "yes",
    },
    [
      'upstreams.app.breaker: expected false or an object, found "no"; did you mean false?',
      'securityHeaders: expected "default", "strict", false or an object, found "No"; did you mean false?',
      'requestId: expected an object, found "yes"',
      'admin.dashboard: expected true or false, found "off"; did you mean false?',
    ],
  ],
  [
    "units in other words",
    {
      ...app,
      listen: {
        limits: { headerBytes: "10k", targetBytes: "10 bytes", bodyBytes: "10M" },
        timeouts: { header: "10sec", keepAlive: "2 Minutes" },
        drain: { delay: "10 moons" },
      },
    },
    [
      `listen.limits.headerBytes: expected ${SIZE}, found "10k"; did you mean "10KiB" or "10KB"?`,
      `listen.limits.targetBytes: expected ${SIZE}, found "10 bytes"; did you mean "10B"?`,
      `listen.limits.bodyBytes: expected ${SIZE}, or "unlimited", found "10M"; did you mean "10MiB" or "10MB"?`,
      `listen.timeouts.header: expected ${DURATION}, found "10sec"; did you mean "10s"?`,
      `listen.timeouts.keepAlive: expected ${DURATION}, found "2 Minutes"; did you mean "2m"?`,
      `listen.drain.delay: expected ${DURATION}, found "10 moons"`,
    ],
  ],
  [
    "keys that others have for endpoints",
    {
      upstreams: { a: { url: "http://a" }, b: { endpoint: "http://b" }, c: { servers: [] } },
      routes: [{ respond: {} }],
    },
    [
      'upstreams.a.url: unknown key; did you mean "endpoints"?',
      'upstreams.b.endpoint: unknown key; did you mean "endpoints"?',
      'upstreams.c.servers: unknown key; did you mean "endpoints"?',
    ],
  ],
  [
    "a misspelt key that must be there, and no second word about it",
    { ...app, routes: [{ upsteam: "app" }], listen: { also: [{ prot: 80 }] } },
    [
      'listen.also[0].prot: unknown key; did you mean "port"?',
      'routes[0].upsteam: unknown key; did you mean "upstream"?',
    ],
  ],
  [
    "URL objects",
    { upstreams: { app: new URL("http://a"), api: [new URL("http://b")] }, routes: [{ respond: {} }] },
    [
      "upstreams.app: expected a URL, a list of URLs, or an object with endpoints, found a URL object; give its text, which is its `href`",
      "upstreams.api[0]: expected a URL or an object with a url, found a URL object; give its text, which is its `href`",
    ],
  ],
  [
    "empty lists and objects of upstreams and routes",
    { upstreams: {}, routes: [] },
    ['no upstream and no route; `"upstreams": { "app": "http://localhost:3000" }` is enough to start'],
  ],
  [
    "lists and nothing where upstreams and routes belong",
    { upstreams: [], routes: null },
    [
      'upstreams: expected an object of upstreams by name, such as { "app": "http://localhost:3000" }, found an empty list',
      'routes: expected a list of routes, such as [{ "upstream": "app" }], found null',
    ],
  ],
  [
    "routes to upstreams that are not there",
    { upstreams: {}, routes: [{ upstream: "app" }] },
    ['routes[0].upstream: there is no upstream "app"; `upstreams` defines none'],
  ],
  [
    "no upstream in a route's list",
    route({ upstream: [] }),
    ["routes[0].upstream: expected a list of at least one upstream, found an empty list"],
  ],
  [
    "an expression for a credential",
    route({ match: { headers: { "x-api-key": { regex: "hunter2(" } } }, upstream: "app" }),
    ["routes[0].match.headers.x-api-key.regex: expected a regular expression (RE2), found a secret value"],
  ],
  [
    "middleware that is no function",
    { upstreams: { app: "http://a" }, middleware: ["cors"] },
    ['middleware[0]: expected a function, found "cors"'],
  ],
  [
    "a limit of connections that is none",
    { upstreams: { app: { endpoints: "http://a", pool: { connections: 0 } } } },
    ['upstreams.app.pool.connections: expected a whole number from 1 to 100000, or "unlimited", found 0'],
  ],
  [
    "an endpoint with a query",
    { upstreams: { app: { endpoints: [{ url: "http://a/?b" }] } } },
    [`upstreams.app.endpoints[0].url: expected ${URL_FORMS}, found "http://a/?b"; leave the query out`],
  ],
  [
    "a relative socket",
    { upstreams: { app: "unix:run.sock" } },
    [
      `upstreams.app: expected ${URL_FORMS}, found "unix:run.sock"; the socket's path is absolute, as in unix:/run/app.sock`,
    ],
  ],
  [
    "no endpoints",
    { upstreams: { app: {} } },
    ["upstreams.app.endpoints: missing; expected a URL, or a list of at least one"],
  ],
  [
    "an empty list of endpoints",
    { upstreams: { app: [] } },
    ["upstreams.app: expected a URL, or a list of at least one, found an empty list"],
  ],
  [
    "weights of 0 alone",
    { upstreams: { app: [{ url: "http://a", weight: 0 }] } },
    ["upstreams.app: every weight is 0; at least one endpoint needs more"],
  ],
  [
    "a negative weight",
    { upstreams: { app: [{ url: "http://a", weight: -1 }] } },
    ["upstreams.app[0].weight: expected a whole number from 0 to 1000000, found -1"],
  ],
  [
    "a policy that is not built",
    { upstreams: { app: { endpoints: "http://a", balance: "round_robin" } } },
    [
      'upstreams.app.balance: expected "p2c", "round-robin", "random", "least-in-flight", "peak-ewma", "ring-hash", "maglev" or "rendezvous", found "round_robin"; did you mean "round-robin"?',
    ],
  ],
  [
    "a certificate without its key, given as a path",
    { upstreams: { app: { endpoints: "https://a", tls: { cert: "site.pem" } } } },
    [
      'upstreams.app.tls.cert: expected a certificate as PEM text, found "site.pem"; take it from a file with "${file:path/to.pem}"',
      "upstreams.app.tls.cert: has no `key`; `cert` needs one",
    ],
  ],
  [
    "TLS for plain endpoints",
    { upstreams: { app: { endpoints: "http://a", tls: { verify: false } } } },
    ["upstreams.app.tls: no endpoint is https, so it would have no effect"],
  ],
  [
    "a route to nowhere",
    route({ upstream: "ap" }),
    ['routes[0].upstream: there is no upstream "ap"; did you mean "app"?'],
  ],
  [
    "a share to nowhere",
    route({ upstream: [{ name: "elsewhere" }] }),
    ['routes[0].upstream[0].name: there is no upstream "elsewhere"; `upstreams` defines app'],
  ],
  [
    "a route that does nothing",
    route({ match: { path: "/" } }),
    ["routes[0]: does nothing; expected one of upstream, redirect and respond"],
  ],
  [
    "a route that does two things",
    route({ upstream: "app", respond: {} }),
    ["routes[0]: expected exactly one of upstream, redirect and respond, found upstream and respond"],
  ],
  [
    "a rewrite of what is not forwarded",
    route({ respond: {}, rewrite: { path: "/x" } }),
    ["routes[0].rewrite: has no effect beside respond"],
  ],
  [
    "two rewrites at once",
    route({ upstream: "app", match: { path: "/a/*" }, rewrite: { stripPrefix: true, path: "/x" } }),
    ["routes[0].rewrite: expected at most one of stripPrefix, prefix and path"],
  ],
  [
    "a prefix to strip where none is matched",
    route({ upstream: "app", match: { path: "/a" }, rewrite: { stripPrefix: true } }),
    [
      'routes[0].rewrite.stripPrefix: there is no matched prefix; the match needs a path that ends in "/*", such as "/v1/*"',
    ],
  ],
  [
    "a rewrite that is no path",
    route({ upstream: "app", rewrite: { path: "x" } }),
    ['routes[0].rewrite.path: expected a path such as "/status", found "x"; must start with "/"'],
  ],
  [
    "a redirect to itself",
    route({ redirect: {} }),
    [
      "routes[0].redirect: leads back to where it came from; expected at least one of scheme, host, port, prefix and path",
    ],
  ],
  [
    "a redirect that is none",
    route({ redirect: { status: 200, scheme: "https" } }),
    ["routes[0].redirect.status: expected 301, 302, 303, 307 or 308, found 200"],
  ],
  [
    "content where none can be",
    route({ respond: { status: 204, body: "x" } }),
    ["routes[0].respond.body: an answer with status 204 has no content"],
  ],
  [
    "two routes of one name",
    {
      ...app,
      routes: [
        { name: "a", upstream: "app" },
        { name: "a", upstream: "app" },
      ],
    },
    ["routes[1].name: also the name of routes[0]"],
  ],
  [
    "a path without its slash",
    route({ match: { path: "v1" }, upstream: "app" }),
    [`routes[0].match.path: expected ${PATH}, found "v1"; must start with "/"`],
  ],
  [
    "a star within a segment",
    route({ match: { path: "/v1*" }, upstream: "app" }),
    [
      `routes[0].match.path: expected ${PATH}, found "/v1*"; "*" can only be a whole segment, as in "/v1/*"; a regex can match parts of one`,
    ],
  ],
  [
    "two forms of a path",
    route({ match: { path: { exact: "/a", prefix: "/b" } }, upstream: "app" }),
    ["routes[0].match.path: expected exactly one of exact, prefix, pattern and regex"],
  ],
  [
    "a broken expression",
    route({ match: { headers: { "x-a": { regex: "(" } } }, upstream: "app" }),
    ['routes[0].match.headers.x-a.regex: expected a regular expression (RE2), found "("; missing closing )'],
  ],
  [
    "an expression with what RE2 leaves out",
    route({ match: { headers: { "x-a": { regex: "^(?!bot)" } } }, upstream: "app" }),
    [
      'routes[0].match.headers.x-a.regex: expected a regular expression (RE2), found "^(?!bot)"; "(?!" (character 2): lookahead is not supported; expressions have RE2\'s syntax, which is matched in linear time',
    ],
  ],
  [
    "an expression of a path with what RE2 leaves out",
    route({ match: { path: { regex: "/(a)/\\1" } }, upstream: "app" }),
    [
      'routes[0].match.path.regex: expected a regular expression (RE2), found "/(a)/\\\\1"; "\\1" (character 6): a back-reference is not supported; expressions have RE2\'s syntax, which is matched in linear time',
    ],
  ],
  [
    "a group of an expression that is used by another name",
    route({ match: { path: { regex: "/(?<id>.*)" } }, upstream: "app", rewrite: { path: "/${param.ide}" } }),
    ['routes[0].rewrite.path: the route binds no parameter "ide"; did you mean "${param.id}"?'],
  ],
  [
    "a header that is given twice",
    route({ match: { headers: { "X-A": "1", "x-a": "2" } }, upstream: "app" }),
    ['routes[0].match.headers.x-a: "x-a" is given twice'],
  ],
  [
    "a method in the wrong case",
    route({ match: { method: "get" }, upstream: "app" }),
    [
      'routes[0].match.method: expected a method such as "GET", found "get"; methods are case-sensitive; did you mean "GET"?',
    ],
  ],
  [
    "a host with a port",
    route({ match: { host: "a.example:80" }, upstream: "app" }),
    [
      'routes[0].match.host: expected a host such as "api.example.com" or "*.example.com", found "a.example:80"; leave the port out',
    ],
  ],
  [
    "edits of headers that the proxy owns",
    route({ upstream: "app", requestHeaders: { set: { Host: "x" }, remove: ["Connection"] } }),
    [
      'routes[0].requestHeaders.set.Host: expected a header that an edit can change, found "Host"; Host is set with the upstream\'s `host` or with `rewrite.host`',
      `routes[0].requestHeaders.remove[0]: expected a header that an edit can change, found "Connection"; ${OWNED}`,
    ],
  ],
  [
    "a header value with a line break",
    route({ upstream: "app", responseHeaders: { set: { "x-a": "a\nb" } } }),
    [`routes[0].responseHeaders.set.x-a: expected a header value, found "a\\nb"; ${HEADER_RULE}`],
  ],
  [
    "an unknown variable",
    route({ upstream: "app", requestHeaders: { set: { "x-a": "${client.adress}" } } }),
    [
      'routes[0].requestHeaders.set.x-a: expected a header value, found "${client.adress}"; unknown variable "${client.adress}": did you mean "${client.address}"? known are client.address, client.cert.status, client.cert.subject, client.cert.issuer, client.cert.serial, client.cert.fingerprint, request.id, request.method, request.scheme, request.host, request.path, request.query, request.target, param.NAME, header.NAME, query.NAME, cookie.NAME',
    ],
  ],
  [
    "a parameter that the path does not bind",
    route({
      match: { path: "/users/:id" },
      upstream: "app",
      rewrite: { path: "/u/${param.id}/${param.nmae}" },
    }),
    [
      'routes[0].rewrite.path: the route binds no parameter "nmae"; each match needs a path with ":nmae" in it, or a regex with "(?<nmae>…)"',
    ],
  ],
  [
    "a variable where none can stand",
    route({ respond: { body: "hello ${client.address}" } }),
    [
      'routes[0].respond.body: expected text without variables, found "hello ${client.address}"; no variable can stand here; write "$${" for a literal "${"',
    ],
  ],
  [
    "a file where none can be read",
    { upstreams: { app: "${file:url.txt}" } },
    ["upstreams.app: files can't be read here; give the text itself"],
  ],
];

describe("a mistake is told in one sentence", () => {
  it.each(MISTAKES)("%s", (_, input, said) => {
    expect(problems(input)).toEqual(said);
  });
});

const REPORTS: readonly (readonly [title: string, sources: Sources, report: string])[] = [
  [
    "all problems of a JSON file, in its order",
    {
      files: {
        "fairlead.json": `{
  // where clients connect
  "listen": { "port": "80a", "prot": 3, },
  "upstreams": { "api": ["http://a", "b:1"] },
  "routes": [{ "upstream": "apu" }]
}
`,
      },
    },
    `The config has 4 problems:

fairlead.json:3:23: listen.port: expected a port number from 0 to 65535, found "80a"
  3 |   "listen": { "port": "80a", "prot": 3, },
    |                       ^^^^^

fairlead.json:3:30: listen.prot: unknown key; did you mean "port"?
  3 |   "listen": { "port": "80a", "prot": 3, },
    |                              ^^^^^^

fairlead.json:4:38: upstreams.api[1]: expected ${URL_FORMS}, found "b:1"; did you mean "http://b:1"?
  4 |   "upstreams": { "api": ["http://a", "b:1"] },
    |                                      ^^^^^

fairlead.json:5:28: routes[0].upstream: there is no upstream "apu"; did you mean "api"?
  5 |   "routes": [{ "upstream": "apu" }]
    |                            ^^^^^
`,
  ],
  [
    "all problems of a YAML file",
    {
      file: "conf/site.yaml",
      files: {
        "conf/site.yaml": `listen:
  port: 99999
upstreams:
  api:
    endpoint: http://a
    tls: { ca: "\${file:ca.pem}", key: "\${env:KYE}" }
`,
      },
      env: { KEY: "secret" },
    },
    `The config has 4 problems:

conf/site.yaml:2:9: listen.port: expected a port number from 0 to 65535, found 99999
  2 |   port: 99999
    |         ^^^^^

conf/site.yaml:5:5: upstreams.api.endpoint: unknown key; did you mean "endpoints"?
  5 |     endpoint: http://a
    |     ^^^^^^^^

conf/site.yaml:6:16: upstreams.api.tls.ca: /site/conf/ca.pem: there is no such file
  6 |     tls: { ca: "\${file:ca.pem}", key: "\${env:KYE}" }
    |                ^^^^^^^^^^^^^^^^

conf/site.yaml:6:39: upstreams.api.tls.key: the environment variable KYE is not set; did you mean KEY?
  6 |     tls: { ca: "\${file:ca.pem}", key: "\${env:KYE}" }
    |                                       ^^^^^^^^^^^^
`,
  ],
  [
    "JSON that is none",
    { files: { "fairlead.json": '{ "upstreams": { "a": "http://x" "b": 1 }' } },
    `The config has 2 problems:

fairlead.json:1:34: expected a ","
  1 | { "upstreams": { "a": "http://x" "b": 1 }
    |                                  ^^^

fairlead.json:1:42: expected a "}"
  1 | { "upstreams": { "a": "http://x" "b": 1 }
    |                                          ^
`,
  ],
  [
    "one missing brace, however many are missing",
    { files: { "fairlead.json": '{ "upstreams": { "a": "http://x"' } },
    `The config has a problem:

fairlead.json:1:33: expected a "}"
  1 | { "upstreams": { "a": "http://x"
    |                                 ^
`,
  ],
  [
    "a file's name where a key is meant, and its line",
    {
      files: {
        "fairlead.json": `{ "upstreams": { "a": { "endpoints": "https://a",
  "tls": { "cert": "\${env:CERT}",
           "key": "a.key" } } } }`,
      },
      env: { CERT: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n" },
    },
    `The config has a problem:

fairlead.json:3:19: upstreams.a.tls.key: expected a private key as PEM text, found "a.key"; take it from a file with "\${file:path/to.pem}"
  3 |            "key": "a.key" } } } }
    |                   ^^^^^^^
`,
  ],
  [
    "what a merge key of YAML took over where it stands",
    {
      files: {
        "fairlead.yaml": `x-base: &base
  balance: fair
  pool: { connections: 0 }
upstreams:
  a: { <<: *base, endpoints: http://a, pool: { connections: 5 } }
`,
      },
    },
    `The config has a problem:

fairlead.yaml:2:12: upstreams.a.balance: expected "p2c", "round-robin", "random", "least-in-flight", "peak-ewma", "ring-hash", "maglev" or "rendezvous", found "fair"
  2 |   balance: fair
    |            ^^^^
`,
  ],
  [
    "a duplicate key, beside everything else",
    {
      files: { "fairlead.json": '{ "upstreams": { "a": "http://x", "a": "b:1" } }' },
      env: { FAIRLEAD_LISTN_PORT: "1" },
    },
    `The config has 3 problems:

FAIRLEAD_LISTN_PORT: unknown variable; did you mean FAIRLEAD_LISTEN_PORT?

fairlead.json:1:35: duplicate key
  1 | { "upstreams": { "a": "http://x", "a": "b:1" } }
    |                                   ^^^

fairlead.json:1:40: upstreams.a: expected ${URL_FORMS}, found "b:1"; did you mean "http://b:1"?
  1 | { "upstreams": { "a": "http://x", "a": "b:1" } }
    |                                        ^^^^^
`,
  ],
  [
    "the environment's problems beside a file that can't be read",
    {
      files: { "fairlead.json": '{ "listen": }' },
      env: {
        FAIRLEAD_LISTN_PORT: "1",
        FAIRLEAD_LISTEN_PORT: "x",
        FAIRLEAD_UPSTREAMS_API_BALANCE: "random",
      },
    },
    `The config has 3 problems:

FAIRLEAD_LISTN_PORT: unknown variable; did you mean FAIRLEAD_LISTEN_PORT?

FAIRLEAD_LISTEN_PORT: listen.port: expected a port number from 0 to 65535, found "x"

fairlead.json:1:13: expected a value
  1 | { "listen": }
    |             ^
`,
  ],
  [
    "nothing of what is missing where only a variable is wrong",
    { env: { FAIRLEAD_LISTEN_PROT: "80" } },
    `The config has a problem:

FAIRLEAD_LISTEN_PROT: unknown variable; did you mean FAIRLEAD_LISTEN_PORT?
`,
  ],
  [
    "a variable that may mean two things",
    {
      files: {
        "fairlead.yaml":
          "upstreams: { my-api: http://a, my_api: http://b }\nroutes: [{ upstream: my-api }]\n",
      },
      env: { FAIRLEAD_UPSTREAMS_MY_API_BALANCE: "random" },
    },
    `The config has a problem:

FAIRLEAD_UPSTREAMS_MY_API_BALANCE: may mean upstreams.my-api.balance or upstreams.my_api.balance; set it in the file
`,
  ],
  [
    "the variable that set what has no effect",
    {
      files: { "fairlead.json": '{ "upstreams": { "app": "http://a" } }' },
      env: { FAIRLEAD_UPSTREAMS_APP_TLS_VERIFY: "false" },
    },
    `The config has a problem:

FAIRLEAD_UPSTREAMS_APP_TLS_VERIFY: upstreams.app.tls: no endpoint is https, so it would have no effect
`,
  ],
  [
    "the variable of a key beside a short form, and the one that made something incomplete",
    {
      files: { "fairlead.json": '{ "upstreams": { "app": "http://a" } }' },
      env: {
        FAIRLEAD_UPSTREAMS_APP_HEALTH: "/healthz",
        FAIRLEAD_UPSTREAMS_APP_HEALTH_STATUSES: "200,9xx",
        CERT: "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----",
        FAIRLEAD_LISTEN_TLS_CERT: "${env:CERT}",
      },
    },
    `The config has 2 problems:

FAIRLEAD_LISTEN_TLS_CERT: listen.tls.key: missing; expected a private key as PEM text

FAIRLEAD_UPSTREAMS_APP_HEALTH_STATUSES: upstreams.app.health.statuses[1]: expected a status such as 200 or "2xx", found "9xx"
`,
  ],
  [
    "what has no effect with what another key says, and nothing of that where the other key is wrong",
    {
      files: {
        "fairlead.yaml": `upstreams:
  a:
    endpoints: http://a
    balance: { policy: p2cc, key: ip }
  b:
    endpoints: http://b
    balance: { prefer: zone, key: ip, regionFrom: edge }
    health: { check: tcp, path: /h }
    concurrency: {}
routes: [{ upstream: a }]
`,
      },
    },
    `The config has 6 problems:

fairlead.yaml:4:24: upstreams.a.balance.policy: expected "p2c", "round-robin", "random", "least-in-flight", "peak-ewma", "ring-hash", "maglev" or "rendezvous", found "p2cc"; did you mean "p2c"?
  4 |     balance: { policy: p2cc, key: ip }
    |                        ^^^^

fairlead.yaml:7:24: upstreams.b.balance.prefer: needs \`zone\`, the one this proxy runs in
  7 |     balance: { prefer: zone, key: ip, regionFrom: edge }
    |                        ^^^^

fairlead.yaml:7:35: upstreams.b.balance.key: has no effect without a hash policy
  7 |     balance: { prefer: zone, key: ip, regionFrom: edge }
    |                                   ^^

fairlead.yaml:7:51: upstreams.b.balance.regionFrom: has no effect without \`prefer: "region"\`
  7 |     balance: { prefer: zone, key: ip, regionFrom: edge }
    |                                                   ^^^^

fairlead.yaml:8:33: upstreams.b.health.path: has no effect with \`check: "tcp"\`
  8 |     health: { check: tcp, path: /h }
    |                                 ^^

fairlead.yaml:9:5: upstreams.b.concurrency: limits nothing; expected limit or perEndpoint
  9 |     concurrency: {}
    |     ^^^^^^^^^^^
`,
  ],
  [
    "what is wrong with a reference",
    {
      files: {
        "fairlead.json": `{
  "upstreams": { "a": "\${env:}", "b": "\${file:}" },
  "forwarding": { "via": "\${env:VIA:?hunter2}" },
  "routes": [{ "respond": {} }]
}`,
      },
    },
    `The config has 3 problems:

fairlead.json:2:23: upstreams.a: \`\${env:}\` names no variable
  2 |   "upstreams": { "a": "\${env:}", "b": "\${file:}" },
    |                       ^^^^^^^^^

fairlead.json:2:39: upstreams.b: \`\${file:}\` names no file
  2 |   "upstreams": { "a": "\${env:}", "b": "\${file:}" },
    |                                       ^^^^^^^^^^

fairlead.json:3:26: forwarding.via: expected \`\${env:VIA}\` or, with a default, \`\${env:VIA:-default}\`
  3 |   "forwarding": { "via": "\${env:VIA:?*******}" },
    |                          ^^^^^^^^^^^^^^^^^^^^^
`,
  ],
  [
    "a file that holds a list",
    { files: { "fairlead.json": '[{ "upstreams": {} }]' }, flags: { listen: { port: 1 } } },
    `The config has a problem:

fairlead.json:1:1: expected an object, found a list
  1 | [{ "upstreams": {} }]
    | ^^^^^^^^^^^^^^^^^^^^^
`,
  ],
  [
    "a file that holds a text",
    { files: { "fairlead.yaml": "upstreams\n" } },
    `The config has a problem:

fairlead.yaml:1:1: expected an object, found "upstreams"
  1 | upstreams
    | ^^^^^^^^^
`,
  ],
  [
    "a module that exports a function",
    { modules: { "fairlead.mts": () => ({}) } },
    "The config has a problem:\n\nfairlead.mts: the default export is a function; export the config itself, as in `export default makeConfig()`\n",
  ],
  [
    "a module that exports a promise",
    { modules: { "fairlead.ts": Promise.resolve({}) } },
    "The config has a problem:\n\nfairlead.ts: the default export is a promise; export the config itself, as in `export default await loadConfig()`\n",
  ],
  [
    "a module that exports a list",
    { modules: { "fairlead.ts": [] } },
    "The config has a problem:\n\nfairlead.ts: expected an object, found an empty list\n",
  ],
  [
    "YAML with an alias of nothing",
    { files: { "fairlead.yaml": "a: &a 1\nb: *a\nc: *zz\n" } },
    `The config has a problem:

fairlead.yaml:3:4: there is no anchor "&zz" before this
  3 | c: *zz
    |    ^^^
`,
  ],
  [
    "YAML with two documents",
    { files: { "fairlead.yaml": "a: 1\n---\nb: 2\n" } },
    `The config has a problem:

fairlead.yaml:2:1: a second document starts here; a config is one document
  2 | ---
    | ^^^
`,
  ],
  [
    "a duplicate key in YAML, beside everything else",
    { files: { "fairlead.yaml": "upstreams: { a: http://x }\nlisten: {}\nlisten: { prt: 1 }\n" } },
    `The config has 2 problems:

fairlead.yaml:3:1: duplicate key
  3 | listen: { prt: 1 }
    | ^

fairlead.yaml:3:11: listen.prt: unknown key; did you mean "port"?
  3 | listen: { prt: 1 }
    |           ^^^
`,
  ],
  [
    "YAML that is none",
    { files: { "fairlead.yaml": "upstreams:\n  a: b: c\n" } },
    `The config has a problem:

fairlead.yaml:2:6: this is not YAML: nested mappings are not allowed in compact mappings
  2 |   a: b: c
    |      ^
`,
  ],
  [
    "a file that is not there",
    { file: "site.json" },
    "The config has a problem:\n\nsite.json: there is no such file\n",
  ],
  [
    "a kind of file that is not known",
    { file: "site.toml" },
    "The config has a problem:\n\nsite.toml: unknown kind of file; expected .json, .jsonc, .yaml, .yml, .ts, .mts, .js or .mjs\n",
  ],
  [
    "a module without default export",
    { modules: { "fairlead.ts": undefined } },
    "The config has a problem:\n\nfairlead.ts: the module has no default export; write `export default defineConfig({ … })`\n",
  ],
  [
    "problems of variables and flags by their names",
    {
      files: { "fairlead.json": '{ "upstreams": { "app": "http://a" } }' },
      env: {
        FAIRLEAD_LISTN_PORT: "1",
        FAIRLEAD_LISTEN_TRUSTED_PROXIES: "10.0.0.0/8, x",
        PINGORA_UPSTREAMS_APP_BALANCE: "fair",
      },
      flags: { listen: { port: "x" } },
      flagNames: { "listen.port": "--port" },
    },
    `The config has 4 problems:

FAIRLEAD_LISTN_PORT: unknown variable; did you mean FAIRLEAD_LISTEN_PORT?

--port: listen.port: expected a port number from 0 to 65535, found "x"

FAIRLEAD_LISTEN_TRUSTED_PROXIES: listen.trustedProxies[1]: expected an IP address, a CIDR range such as "10.0.0.0/8" or "fd00::/8", or "unix", found "x"

PINGORA_UPSTREAMS_APP_BALANCE: upstreams.app.balance: expected "p2c", "round-robin", "random", "least-in-flight", "peak-ewma", "ring-hash", "maglev" or "rendezvous", found "fair"
`,
  ],
  [
    "neither a secret's value nor a private key that stands in the file",
    {
      files: {
        "fairlead.json": `{
  "listen": { "port": "\${env:PORT_TEXT}" },
  "upstreams": { "a": { "endpoints": "https://a", "tls": { "key": "hunter2", "cert": "\${env:CERT}" } } },
  "colour": 1, "x": "-----BEGIN PRIVATE KEY-----\\nhunter3"
}`,
      },
      env: { PORT_TEXT: "hunter4", CERT: "hunter5" },
    },
    `The config has 5 problems:

fairlead.json:2:23: listen.port: expected a port number from 0 to 65535, found a secret value
  2 |   "listen": { "port": "\${env:PORT_TEXT}" },
    |                       ^^^^^^^^^^^^^^^^^^

fairlead.json:3:67: upstreams.a.tls.key: expected a private key as PEM text, found a secret value; take it from a file with "\${file:path/to.pem}"

fairlead.json:3:86: upstreams.a.tls.cert: expected a certificate as PEM text, found a secret value; take it from a file with "\${file:path/to.pem}"
  3 |   "upstreams": { "a": { "endpoints": "https://a", "tls": { "key": "*******", "cert": "\${env:CERT}" } } },
    |                                                                                      ^^^^^^^^^^^^^

fairlead.json:4:3: colour: unknown key; expected one of listen, threads, upstreams, routes, validation, securityHeaders, requestId, forwarding, log, admin, telemetry, middleware
  4 |   "colour": 1, "x": "************************************"
    |   ^^^^^^^^

fairlead.json:4:16: x: unknown key; expected one of listen, threads, upstreams, routes, validation, securityHeaders, requestId, forwarding, log, admin, telemetry, middleware
  4 |   "colour": 1, "x": "************************************"
    |                ^^^
`,
  ],
  [
    "no password of a URL, wherever the URL came from",
    {
      files: {
        "fairlead.json":
          '{ "upstreams": { "a": ["http://me:hunter2@a", "http://b"], "b": "${env:B}" }, "routes": [{ "respond": {} }] }',
      },
      env: { B: "http://me:hunter2@b", FAIRLEAD_FORWARDING_VIA: "http://me:hunter2@c" },
    },
    `The config has 3 problems:

FAIRLEAD_FORWARDING_VIA: forwarding.via: expected a name such as "fairlead" or "edge.example.com", or false, found "http://***@c"

fairlead.json:1:24: upstreams.a[0]: expected ${URL_FORMS}, found "http://***@a"; leave the credentials out; set an authorization header in requestHeaders instead
  1 | { "upstreams": { "a": ["http://**********@a", "http://b"], "b": "\${env:B}" }, "routes": [{ "respond": {} }] }
    |                        ^^^^^^^^^^^^^^^^^^^^^

fairlead.json:1:65: upstreams.b: expected ${URL_FORMS}, found a secret value; leave the credentials out; set an authorization header in requestHeaders instead
  1 | { "upstreams": { "a": ["http://**********@a", "http://b"], "b": "\${env:B}" }, "routes": [{ "respond": {} }] }
    |                                                                 ^^^^^^^^^^
`,
  ],
];

describe("a report shows", () => {
  it.each(REPORTS)("%s", async (_, sources, report) => {
    expect(await reportOf(sources)).toBe(report);
  });

  it.each([
    ["fairlead.yaml", "a: { authorization: Basic hunter2, b: c: d"],
    ["fairlead.yaml", "a: b: { password: 'hunter2' }"],
    ["fairlead.yaml", "a: b: http://me:hunter2@a"],
    ["fairlead.json", '{ "x-api-key": "hunter2'],
    ["fairlead.json", '{ "x-api-key": { "regex": "hunter2" ] }'],
    [
      "fairlead.json",
      '{ "key": "-----BEGIN PRIVATE KEY-----\nhunter2/AgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg"',
    ],
  ])("no credential in a line of a file that can't be read: %s, %s", async (name, text) => {
    const report = await reportOf({ files: { [name]: text } });
    expect(report).toMatch(/\*{7}/);
    expect(report).not.toContain("hunter2");
  });
});
