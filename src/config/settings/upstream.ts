/** `upstreams`: groups of equivalent servers and how to talk to them. */
import { listOf, mapOf, oneOrMany } from "../schema/collections.ts";
import { formOf, orUnlimited, shortFor } from "../schema/forms.ts";
import { atLeastOne, type KeyRule, needs } from "../schema/key-rules.ts";
import { oneOf } from "../schema/leaf.ts";
import { defaulted, named, object, optional, required } from "../schema/object.ts";
import { type Schema, transformed } from "../schema/schema.ts";
import { duration, flag, nonEmpty, ratio, size, weight, whole } from "../schema/values.ts";
import type { EndpointConfig, UpstreamConfig } from "../types.ts";
import { endpointUrl, hostPolicy, tlsName } from "./addresses.ts";
import { balance } from "./balance.ts";
import { discovery } from "./discovery.ts";
import { certificate, certificates, privateKey } from "./pem.ts";
import { breaker, concurrency, ejection, health, hedge, retry } from "./resilience.ts";

const CERT_AND_KEY = [
  needs("cert", "key", "has no `key`; `cert` needs one"),
  needs("key", "cert", "has no `cert`; `key` needs one"),
];

const tls = object(named("UpstreamTlsConfig", { rules: CERT_AND_KEY }), {
  verify: defaulted(flag, true, "Verify the certificates of https endpoints.", {
    needs: (written) => (written === false ? ["upstream-no-verify"] : []),
  }),
  ca: optional(certificates, "Authorities to trust instead of the runtime's, as PEM text.", {
    needs: "upstream-ca",
  }),
  serverName: optional(tlsName, "Name to ask for (SNI) and to verify instead of the URL's host.", {
    needs: "upstream-server-name",
  }),
  cert: optional(certificate, "Client certificate to present, as PEM text.", {
    needs: "upstream-client-certificate",
  }),
  key: optional(privateKey, "Private key of `cert`, as PEM text."),
});

const endpoint = shortFor(
  "a URL or an object with a url",
  "url",
  endpointUrl,
  object<EndpointConfig>(named("EndpointConfig", { expects: "an object with a url" }), {
    url: required(
      endpointUrl,
      "Where it is: http://, https:// or unix:/path/to.sock. A path is put before the request's.",
      { needs: (written) => (String(written).startsWith("unix:") ? ["unix-socket"] : []) },
    ),
    weight: defaulted(weight, 1, "Share of the traffic relative to the other endpoints; 0 gets none."),
    priority: defaulted(whole(0, 100), 0, "Its tier: 0 takes all traffic while enough of it can be tried."),
    zone: optional(nonEmpty("the name of a zone"), "The zone that it stands in, for `balance.prefer`."),
    region: optional(nonEmpty("a country or region"), "The clients' region that it serves first."),
  }),
);

export const endpoints: Schema = oneOrMany("a URL, or a list of at least one", endpoint);

export const upstreamTimeouts: Schema = object(
  named("UpstreamTimeouts", { expects: "an object of durations" }),
  {
    connect: defaulted(duration, "3s", "Time to connect, TLS included.", { needs: "connect-timeout" }),
    firstByte: defaulted(duration, "15s", "Time from the request sent to the response's head."),
    attempt: optional(
      duration,
      "Time for one attempt until the response's head, waiting for room included. No limit unless set.",
    ),
    idle: optional(
      duration,
      "Time between two pieces of a body, either direction. 60s unless set, 5m for event streams.",
    ),
    tunnelIdle: defaulted(
      duration,
      "5m",
      "Time without a byte in either direction of a tunnel, such as a WebSocket.",
      { needs: "tunnel" },
    ),
  },
);

const pool = object("PoolConfig", {
  connections: defaulted(
    orUnlimited(whole(1, 100_000)),
    "unlimited",
    "Most connections to one endpoint; further requests wait for one.",
    { needs: "pool-size" },
  ),
  idle: defaulted(
    whole(0, 100_000),
    256,
    "Idle connections kept to one endpoint; more are closed after a second without use.",
    {
      needs: "pool-keep-alive",
    },
  ),
  keepAlive: defaulted(
    duration,
    "4s",
    "Time that an idle connection is kept; less where the endpoint's Keep-Alive says so.",
    { needs: "pool-keep-alive" },
  ),
});

const limits = object(named("UpstreamLimits", { expects: "an object of limits" }), {
  headerBytes: defaulted(size(256), "64KiB", "Size of a response's header section.", {
    needs: "upstream-header-limit",
  }),
});

const SOME_ENDPOINTS = atLeastOne(
  ["endpoints", "discovery"],
  `missing; expected ${endpoints.expects}`,
  "endpoints",
);

const CAN_ACT: KeyRule<UpstreamConfig> = {
  check: ({ endpoints: given }, { has, complain }) => {
    if (given?.every((item) => item.weight === 0) === true) {
      complain("every weight is 0; at least one endpoint needs more", "endpoints");
    }
    const isPlain = given?.every(({ url }) => !/^https:/i.test(url)) === true;
    if (has("tls") && isPlain && !has("discovery"))
      complain("no endpoint is https, so it would have no effect", "tls");
  },
};

const written: Schema<UpstreamConfig> = object(
  named("UpstreamConfig", { expects: "an object with endpoints", rules: [SOME_ENDPOINTS, CAN_ACT] }),
  {
    endpoints: optional(endpoints, "Servers of the group: URLs, or objects with a url and a weight.", {
      isFilled: true,
      mistakenFor: ["url", "urls", "server", "servers", "target", "targets", "address", "addresses"],
    }),
    discovery: optional(
      discovery,
      "Where endpoints come from instead; those of `endpoints` count until the first answer.",
      { needs: "discovery" },
    ),
    balance: defaulted(balance, "p2c", "How an endpoint is picked. All policies honour weights."),
    health: optional(health, "Active checks."),
    ejection: defaulted(ejection, {}, "Leaves out endpoints that fail more often than the others."),
    panic: defaulted(
      ratio(0, 1),
      0,
      "Share of endpoints below which health no longer counts. 0: only where none is healthy.",
    ),
    slowStart: defaulted(
      duration,
      "30s",
      "Time from a tenth to all of its share for an endpoint that joins or comes back.",
    ),
    breaker: optional(
      breaker,
      "Stops sending to an endpoint that keeps failing. On where there are two endpoints or more, unless set.",
    ),
    retry: optional(
      retry,
      "Another attempt where one fails before a response. On where there are two endpoints or more, unless set.",
    ),
    hedge: optional(
      hedge,
      "A copy of slow GET and HEAD requests to another endpoint; the first answer counts.",
    ),
    concurrency: optional(concurrency, "Caps on what is in progress."),
    host: defaulted(
      hostPolicy,
      "upstream",
      'Host sent upstream: the endpoint\'s ("upstream"), the client\'s ("preserve"), or this one.',
      { needs: (written) => (written === "upstream" ? [] : ["raw-host"]) },
    ),
    tls: optional(tls, "TLS towards https endpoints."),
    timeouts: defaulted(upstreamTimeouts, {}, "How long the upstream may take."),
    pool: defaulted(pool, {}, "Connections to the upstream."),
    limits: defaulted(limits, {}, "What the upstream may send at most."),
    transport: optional(
      oneOf("fetch"),
      "How it is reached: \"fetch\" for the runtime's own fetch. Unless set, by the proxy's HTTP/1.1 client where there is one.",
    ),
  },
);

export const upstreamLong: Schema = transformed(written, (config) => ({
  ...config,
  endpoints: config.endpoints ?? [],
}));

const upstreamShort = formOf<unknown>("", [endpointUrl, listOf("", endpoint, 1)]);

export const upstreams: Schema = mapOf(
  'an object of upstreams by name, such as { "app": "http://localhost:3000" }',
  nonEmpty("a name"),
  shortFor("a URL, a list of URLs, or an object with endpoints", "endpoints", upstreamShort, upstreamLong),
  { names: "Upstream" },
);
