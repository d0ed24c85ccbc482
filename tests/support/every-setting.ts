/** Every setting once. */
import type {
  AcmeInput,
  AdminTlsInput,
  ConfigInput,
  RouteInput,
  RouteMatchInput,
} from "../../src/config/types.ts";

interface Everything extends ConfigInput {
  readonly upstreams: NonNullable<ConfigInput["upstreams"]>;
  readonly routes: readonly RouteInput[];
}

const CERT = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const KEY = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n";

/** With a version and ciphers of its own. */
export const TLS: AdminTlsInput = {
  cert: CERT,
  key: KEY,
  certificates: [{ names: ["a.example", "*.b.example"], cert: CERT, key: KEY }],
  profile: "intermediate",
  minVersion: "1.3",
  ciphers: "ECDHE-RSA-AES128-GCM-SHA256",
  client: { mode: "require", ca: CERT },
  checkHost: false,
};

const ACME: AcmeInput = {
  domains: ["c.example", "d.example"],
  termsAgreed: true,
  email: "admin@c.example",
  storage: "/var/lib/fairlead/acme",
  directory: "https://ca.example/directory",
  ca: CERT,
  challenge: "tls-alpn-01",
  keyType: "rsa-2048",
  externalAccount: { keyId: "kid-1", hmacKey: "c2VjcmV0LW9mLXRoZS1hY2NvdW50" },
};

const edits = { set: { a: "b" }, append: { c: "d", e: ["f"] }, remove: ["g"] };
const values: NonNullable<RouteMatchInput["headers"]> = {
  a: "b",
  c: true,
  d: { exact: "e" },
  f: { regex: "g" },
};

/** A config that uses every key there is. */
export const EVERYTHING: Everything = {
  $schema: "./schema.json",
  threads: 2,
  listen: {
    port: "8080",
    host: "::",
    tls: { ...TLS, acme: ACME },
    also: [
      { port: 80, host: "0.0.0.0", redirect: "https" },
      { port: 9443, tls: TLS, proxyProtocol: { from: "unix", others: "plain" } },
      { port: 9444, tls: { acme: ACME } },
      { port: 9445, tls: { acme: { domains: "e.example", termsAgreed: true, staging: true } } },
    ],
    proxyProtocol: { from: ["10.0.0.0/8", "fd00::/8"], others: "refuse" },
    trustedProxies: "10.0.0.0/8",
    readyPath: "/readyz",
    halfClose: "answer",
    limits: {
      headerBytes: "16KiB",
      headers: 50,
      targetBytes: 4096,
      bodyBytes: "unlimited",
      connections: 10,
      connectionsPerClient: 5,
      requestsPerConnection: 10,
      minRate: "1KiB",
    },
    timeouts: { header: "5s", keepAlive: 1000 },
    drain: { delay: 0, timeout: "1m" },
  },
  upstreams: {
    a: "http://a",
    b: ["http://a", { url: "http://b", weight: 2, priority: 1, zone: "z", region: "DE" }],
    c: {
      endpoints: [{ url: "https://c", weight: 1, priority: 1, zone: "z", region: "DE" }],
      balance: {
        policy: "ring-hash",
        key: "header:x-user",
        bound: 2,
        sticky: { secret: "s3cret-of-cookies", cookie: "server", maxAge: "1h", sameSite: "Strict" },
        prefer: "region",
        zone: "z",
        regionFrom: "header:x-country",
      },
      health: {
        check: "http",
        path: "/healthz",
        host: "c.example",
        statuses: ["2xx", 304],
        body: "ok",
        interval: "5s",
        fastInterval: "1s",
        timeout: "1s",
        failures: 2,
        successes: 1,
      },
      ejection: {
        interval: "5s",
        requests: 50,
        endpoints: 3,
        deviations: 2,
        duration: "10s",
        maxDuration: "1m",
        maxShare: 0.3,
      },
      panic: 0.5,
      slowStart: "10s",
      breaker: {
        failures: 3,
        rate: 0.3,
        requests: 10,
        open: "1s",
        maxOpen: "1m",
        probes: 1,
        successes: 1,
        internalError: true,
      },
      retry: {
        attempts: 2,
        codes: [503],
        bodyBytes: "1KiB",
        idempotencyKey: true,
        budget: { share: 0.1, perSecond: 1 },
      },
      hedge: { minDelay: "10ms", maxDelay: "1s", share: 0.1 },
      concurrency: { limit: "adaptive", queue: 10, queueTimeout: "2s", perEndpoint: 10 },
      host: "preserve",
      tls: { verify: false, serverName: "c.example", ca: CERT, cert: CERT, key: KEY },
      timeouts: { connect: "1s", firstByte: "2s", attempt: "5s", idle: "3s", tunnelIdle: "1h" },
      pool: { connections: 1, idle: 1, keepAlive: "1s" },
      limits: { headerBytes: "16KiB" },
      transport: "fetch",
    },
    d: { discovery: { dns: { url: "http://d.example:3000", servers: "10.0.0.2" } } },
    e: { discovery: { srv: { name: "_http._tcp.e.example", scheme: "https", servers: ["[::1]:53"] } } },
    f: { discovery: { file: "endpoints.json" } },
    g: { discovery: { http: { url: "http://g.example/list", headers: { "x-key": "k" }, interval: "1m" } } },
    h: {
      discovery: {
        kubernetes: {
          service: "app",
          namespace: "default",
          port: "http",
          scheme: "http",
          server: "https://kubernetes.default.svc",
          tokenFile: "/token",
          ca: CERT,
        },
      },
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
      sticky: "cookie:user",
      failover: ["c"],
      mirror: { upstream: "b", share: 0.5, bodyBytes: "1KiB", inProgress: 4 },
      rewrite: { host: "x.example", stripPrefix: true, location: false, cookies: false },
      requestHeaders: edits,
      responseHeaders: edits,
      timeouts: { total: "1m", firstByte: "1s", idle: "1s", tunnelIdle: 0 },
      upgrade: ["websocket", "example/1"],
      bodyBytes: "1MB",
      middleware: [],
      encodedSlash: "keep",
    },
    {
      match: { path: { exact: "/c" } },
      redirect: { status: 301, scheme: "https", host: "d", port: 1, path: "/" },
    },
    { match: { path: { pattern: "/d/:e/*" } }, redirect: { prefix: "/f" } },
    { match: { path: "/g/*" }, upstream: "c", rewrite: { prefix: "/h" } },
    { match: { path: { regex: "/l/(?<m>.*)" } }, upstream: "c", rewrite: { path: "/n/${param.m}" } },
    { match: { path: "/i" }, upstream: "c", rewrite: { path: "/j" } },
    { match: { path: "/k" }, respond: { status: 201, headers: { a: "b" }, body: "c" } },
  ],
  validation: {
    methods: ["GET"],
    hosts: ["a.example"],
    contentTypes: ["text/*"],
    encodedSlash: "keep",
    underscores: "reject",
  },
  securityHeaders: { preset: "strict", headers: { "x-a": "b", "x-c": false }, override: true, remove: [] },
  requestId: { header: "x-id", trust: "always" },
  forwarding: { xForwarded: false, forwarded: true, via: false, clientCert: true },
  log: {
    output: "stdout",
    format: "json",
    level: "warning",
    levels: { "upstream.health": "debug" },
    access: {
      requests: "all",
      format: "combined",
      output: "/var/log/fairlead/access.log",
      sample: 0.5,
      perSecond: "unlimited",
      headers: ["x-tenant"],
    },
    otlp: true,
    redact: { query: ["q"], params: ["user"], headers: ["x-secretive"] },
    rotate: { size: "100MB", keep: 3 },
  },
  admin: {
    port: 9090,
    host: "::1",
    tls: TLS,
    hosts: ["*.ops.example"],
    dashboard: false,
    path: "/_fairlead",
    token: "0123456789abcdef-token",
    tokens: { deploy: "0123456789abcdef-other" },
  },
  telemetry: {
    serviceName: "edge",
    resource: { "deployment.environment.name": "test" },
    metrics: {
      maxSeries: 100,
      durationBounds: [0.1, 1],
      temporality: "delta",
      url: "http://collector:4318/v1/metrics",
    },
    otlp: {
      endpoint: "http://collector:4318",
      protocol: "http/json",
      headers: { "x-key": "k" },
      interval: "10s",
      timeout: "5s",
      queueBytes: "1MiB",
    },
    traces: {
      sample: 0.5,
      trust: "always",
      parentBased: false,
      forceHeader: "x-trace",
      responseHeader: "x-trace-id",
      url: "http://traces:4318/v1/traces",
    },
  },
  middleware: [],
};

/** What excludes settings of `EVERYTHING`. */
export const AT_SOCKETS: ConfigInput = {
  listen: {
    socket: "/run/fairlead/https.sock",
    socketMode: "660",
    tls: { acme: { domains: "e.example", termsAgreed: true, staging: true } },
    also: [{ socket: "/run/fairlead/http.sock", socketMode: "0600" }],
  },
  admin: { socket: "/run/fairlead/admin.sock", socketMode: "0600" },
  upstreams: { a: "http://a" },
};
