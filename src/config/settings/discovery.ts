/** `discovery`: where the endpoints of an upstream come from, besides the config. */
import ipaddr from "ipaddr.js";
import { parseAuthority } from "../../http/authority.ts";
import { mapOf, oneOrMany } from "../schema/collections.ts";
import { shortFor } from "../schema/forms.ts";
import { oneOf } from "../schema/leaf.ts";
import { defaulted, object, optional, required } from "../schema/object.ts";
import { NAME_SERVER, behind } from "../schema/patterns.ts";
import { Refusal, REFUSED, type Schema } from "../schema/schema.ts";
import { duration, fieldValue, nonEmpty, text } from "../schema/values.ts";
import type {
  DiscoveryConfig,
  HttpListConfig,
  KubernetesConfig,
  NameConfig,
  ServiceConfig,
} from "../types.ts";
import { endpointUrl } from "./addresses.ts";
import { editableName } from "./headers.ts";

const HTTP_URL = 'a URL such as "http://app.internal:3000"';

/** `http://` or `https://`. */
const httpUrl: Schema<string> = text(
  HTTP_URL,
  (given) => (/^https?:\/\/[^/?#@\s]+(?:\/[^#\s]*)?$/i.test(given) && URL.canParse(given) ? given : REFUSED),
  { pattern: behind("[hH][tT][tT][pP][sS]?://") },
);

const nameUrl: Schema<string> = text(
  HTTP_URL,
  (given) => {
    if (!/^https?:\/\/[^/?#@\s]+\/?$/i.test(given) || !URL.canParse(given)) return REFUSED;
    const { hostname } = new URL(given);
    return /^\[|^[\d.]+$/.test(hostname) ? new Refusal("an address needs no look-up") : given;
  },
  { pattern: behind("[hH][tT][tT][pP][sS]?://") },
);

const readServer = (given: string): string | typeof REFUSED => {
  // A zone names an interface of one machine.
  if (given.includes("%")) return REFUSED;
  if (ipaddr.IPv4.isValidFourPartDecimal(given) || ipaddr.IPv6.isValid(given)) return given;
  const authority = parseAuthority(given);
  return authority?.port !== undefined && ipaddr.isValid(authority.host.replace(/^\[|\]$/g, ""))
    ? given
    : REFUSED;
};

const SERVER = 'an IP address such as "10.0.0.2" or "[::1]:5353"';

const servers = optional(
  oneOrMany(`${SERVER}, or a list of them`, text(SERVER, readServer, { pattern: NAME_SERVER })),
  "Name servers to ask instead of the system's.",
);

const nameLookup: Schema<NameConfig> = shortFor(
  "a URL, or an object with a url",
  "url",
  nameUrl,
  object("NameConfig", {
    url: required(nameUrl, "URL whose host is looked up."),
    servers,
  }),
);

const scheme = defaulted(oneOf("http", "https"), "http", "How the endpoints are reached.");

const service: Schema<ServiceConfig> = shortFor(
  'a name such as "_http._tcp.app.internal", or an object',
  "name",
  nonEmpty("a name"),
  object("ServiceConfig", {
    name: required(nonEmpty("a name"), "Name of the SRV records."),
    scheme,
    servers,
  }),
);

const httpList: Schema<HttpListConfig> = shortFor(
  "a URL, or an object with a url",
  "url",
  httpUrl,
  object("HttpListConfig", {
    url: required(httpUrl, "Answers with the list as JSON; asked with If-None-Match."),
    headers: defaulted(
      mapOf("an object of header names and values", editableName, fieldValue, { credentials: true }),
      {},
      "Headers of the request.",
    ),
    interval: defaulted(duration, "10s", "Time between two requests."),
  }),
);

const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

const kubernetes: Schema<KubernetesConfig> = object("KubernetesConfig", {
  service: required(nonEmpty("a name"), "Name of the service."),
  namespace: defaulted(nonEmpty("a name"), "default", "Its namespace."),
  port: optional(text("a name or number"), "Name or number of the endpoints' port; the first unless set."),
  scheme,
  server: defaulted(endpointUrl, "https://kubernetes.default.svc", "The API server."),
  tokenFile: optional(nonEmpty("a path"), `File with the bearer token, such as ${ACCOUNT}/token.`),
  ca: optional(nonEmpty("certificates"), "Authority of the API server as PEM text."),
});

const WAYS = ["dns", "srv", "file", "http", "kubernetes"];

export const discovery: Schema<DiscoveryConfig> = object<DiscoveryConfig>(
  "DiscoveryConfig",
  {
    dns: optional(nameLookup, "URL whose host is looked up: each address (A and AAAA) is an endpoint."),
    srv: optional(service, "SRV records: each target is an endpoint, their priorities are tiers."),
    file: optional(nonEmpty("a path"), "JSON file that is watched: URLs, or objects as in `endpoints`."),
    http: optional(httpList, "The same list from a server."),
    kubernetes: optional(kubernetes, "The EndpointSlices of a service."),
  },
  {
    rule: (_, { has, complain }) => {
      const given = WAYS.filter(has);
      if (given.length !== 1) complain(`expected exactly one of ${WAYS.join(", ")}`);
    },
    json: { oneOf: WAYS.map((way) => ({ required: [way] })) },
  },
);
