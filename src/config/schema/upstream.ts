/** `upstreams`: groups of equivalent servers and how to talk to them. */
import * as v from "valibot";
import type {
  BalancePolicy,
  ConfigInput,
  EndpointConfig,
  EndpointInput,
  UpstreamConfig,
  UpstreamInput,
  UpstreamTlsConfig,
} from "../types.ts";
import { endpointUrl, hostPolicy, tlsName } from "./addresses.ts";
import { together } from "./check.ts";
import { mapOf, oneOrMany } from "./collections.ts";
import { shortFor } from "./forms.ts";
import { oneOf } from "./leaf.ts";
import { defaulted, object, optional, required } from "./object.ts";
import { Refusal, REFUSED, type Schema } from "./run.ts";
import { duration, flag, size, SOMETHING, text, weight, whole } from "./values.ts";

const pem = (what: string, label: RegExp): Schema<string, string> =>
  text(
    `${what} as PEM text`,
    (given) => {
      if (label.test(given)) return given;
      return given.includes("-----BEGIN ")
        ? new Refusal("the PEM text holds something else")
        : new Refusal('take it from a file with "${file:path/to.pem}"');
    },
    { pattern: label.source },
  );

const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END /;
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[\s\S]+-----END /;

type TlsInput = NonNullable<UpstreamInput["tls"]>;

export const tls: Schema<TlsInput, UpstreamTlsConfig> = v.pipe(
  object<TlsInput>("an object")({
    verify: defaulted(flag, true, "Verify the certificates of https endpoints."),
    ca: optional(
      pem("certificates", CERTIFICATE),
      "Authorities to trust instead of the runtime's, as PEM text.",
    ),
    serverName: optional(tlsName, "Name to ask for (SNI) and to verify instead of the URL's host."),
    cert: optional(pem("a certificate", CERTIFICATE), "Client certificate to present, as PEM text."),
    key: optional(pem("a private key", PRIVATE_KEY), "Private key of `cert`, as PEM text."),
  }),
  together(
    (given, complain) => {
      if ("cert" in given && !("key" in given)) complain("has no `key`; `cert` needs one", "cert");
      if ("key" in given && !("cert" in given)) complain("has no `cert`; `key` needs one", "key");
    },
    { dependencies: { cert: ["key"], key: ["cert"] } },
  ),
  v.transform(({ verify, ca, serverName, cert, key }) => ({ verify, ca, serverName, cert, key })),
);

const endpointLong: Schema<EndpointInput, EndpointConfig> = object<EndpointInput>("an object with a url")({
  url: required(
    endpointUrl,
    "Where it is: http://, https:// or unix:/path/to.sock. A path is put before the request's.",
  ),
  weight: defaulted(weight, 1, "Share of the traffic relative to the other endpoints; 0 gets none."),
});

const endpoint = shortFor("a URL or an object with a url", "url", endpointUrl, endpointLong);
export const endpoints: Schema<UpstreamInput["endpoints"], readonly EndpointConfig[]> = oneOrMany(
  "a URL, or a list of at least one",
  endpoint,
);

export const balance: Schema<BalancePolicy, BalancePolicy> = oneOf("round-robin", "random");

type PoolInput = NonNullable<UpstreamInput["pool"]>;
type PoolOutput = Readonly<Record<"idle" | "keepAlive", number>> & {
  readonly connections?: number | undefined;
};
type LimitsInput = NonNullable<UpstreamInput["limits"]>;
type TimeoutsInput = NonNullable<UpstreamInput["timeouts"]>;

export const pool: Schema<PoolInput, PoolOutput> = object<PoolInput>("an object")({
  connections: optional(
    whole("a whole number", 1, 100_000),
    "Most connections to one endpoint; further requests wait for one. No limit of its own unless set.",
  ),
  idle: defaulted(whole("a whole number", 0, 100_000), 256, "Idle connections kept to one endpoint."),
  keepAlive: defaulted(
    duration,
    "4s",
    "Time that an idle connection is kept; less where the endpoint's Keep-Alive says so.",
  ),
});

export const limits: Schema<LimitsInput, { readonly headerBytes: number }> = object<LimitsInput>(
  "an object of limits",
)({
  headerBytes: defaulted(size(256), "64KiB", "Size of a response's header section."),
});

export const transport: Schema<"fetch", "fetch"> = oneOf("fetch");

const upstreamInput = object<UpstreamInput>("an object with endpoints")({
  endpoints: required(endpoints, "Servers of the group: URLs, or objects with a url and a weight."),
  balance: defaulted(balance, "round-robin", "How an endpoint is picked; both honour weights."),
  host: defaulted(
    hostPolicy,
    "upstream",
    'Host sent upstream: the endpoint\'s ("upstream"), the client\'s ("preserve"), or this one.',
  ),
  tls: optional(tls, "TLS towards https endpoints."),
  timeouts: defaulted(
    object<TimeoutsInput>("an object of durations")({
      connect: defaulted(duration, "3s", "Time to connect, TLS included."),
      firstByte: defaulted(duration, "15s", "Time from the request sent to the response's head."),
      idle: optional(
        duration,
        "Time between two pieces of a body, either direction. 60s unless set, 5m for event streams.",
      ),
    }),
    {},
    "How long the upstream may take.",
  ),
  pool: defaulted(pool, {}, "Connections to the upstream."),
  limits: defaulted(limits, {}, "What the upstream may send at most."),
  transport: optional(
    transport,
    "How it is reached: \"fetch\" for the runtime's own fetch. Unless set, by the proxy's HTTP/1.1 client where there is one.",
  ),
});

const upstreamLong: Schema<UpstreamInput, UpstreamConfig> = v.pipe(
  upstreamInput,
  together((given, complain) => {
    if (given.endpoints === undefined) return;
    if (given.endpoints.every((item) => item.weight === 0)) {
      complain("every weight is 0; at least one endpoint needs more", "endpoints");
    }
    const secure = given.endpoints.some(({ url }) => /^https:/i.test(url));
    if ("tls" in given && !secure) complain("no endpoint is https, so it would have no effect", "tls");
  }),
  v.transform(({ tls: secured, timeouts, pool, ...rest }) => ({
    ...rest,
    transport: rest.transport,
    tls: secured,
    timeouts: { connectMs: timeouts.connect, firstByteMs: timeouts.firstByte, idleMs: timeouts.idle },
    pool: {
      connections: pool.connections ?? Number.POSITIVE_INFINITY,
      idle: pool.idle,
      keepAliveMs: pool.keepAlive,
    },
  })),
);

const UPSTREAM = "a URL, a list of URLs, or an object with endpoints";

/** For the JSON Schema; `upstreamLong` does the reading. */
const upstreamShort: Schema<string | readonly (string | EndpointInput)[], unknown> = v.union([
  endpointUrl,
  v.pipe(v.array(endpoint), v.nonEmpty()),
]);

const upstream = shortFor(UPSTREAM, "endpoints", upstreamShort, upstreamLong);

const upstreamName: Schema<string, string> = text(
  "a name",
  (name) => (name === "" ? REFUSED : name),
  SOMETHING,
);

export const upstreams: Schema<
  NonNullable<ConfigInput["upstreams"]>,
  Readonly<Record<string, UpstreamConfig>>
> = mapOf("an object of upstreams by name", upstreamName, upstream);
