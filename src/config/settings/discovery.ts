/** `discovery`: where the endpoints of an upstream come from, besides the config. */
import ipaddr from "ipaddr.js";
import { parseAuthority } from "../../http/authority.ts";
import { oneOrMany } from "../schema/collections.ts";
import { shortFor } from "../schema/forms.ts";
import { exactlyOne } from "../schema/key-rules.ts";
import { oneOf } from "../schema/leaf.ts";
import { defaulted, named, object, optional, required } from "../schema/object.ts";
import { HTTP_ORIGIN, HTTP_URL, NAME_SERVER } from "../schema/patterns.ts";
import { REFUSED, type Schema } from "../schema/schema.ts";
import { fieldValue, like, nonEmpty, positiveDuration, text } from "../schema/values.ts";
import { endpointUrl, httpUrl } from "./addresses.ts";
import { editableName, headersOf } from "./headers.ts";
import { certificates } from "./pem.ts";

const URLS = 'a URL such as "http://app.internal:3000"';

const listUrl = httpUrl(URLS, HTTP_URL, { mayHaveQuery: true });

const nameUrl = httpUrl(URLS, HTTP_ORIGIN, {
  refuse: ({ hostname, pathname }) => {
    if (pathname !== "/") return "leave the path out";
    return /^\[|^[\d.]+$/.test(hostname) ? "an address needs no look-up" : undefined;
  },
});

/** An address, with or without a port. Zones are refused: they name an interface of one machine. */
const isServer = (given: string): boolean => {
  if (given.includes("%")) return false;
  if (ipaddr.IPv4.isValidFourPartDecimal(given) || ipaddr.IPv6.isValid(given)) return true;
  const authority = parseAuthority(given);
  return authority?.port !== undefined && ipaddr.isValid(authority.host.replace(/^\[|\]$/g, ""));
};

const SERVER = 'an IP address such as "10.0.0.2" or "[::1]:5353"';

const servers = optional(
  oneOrMany(
    `${SERVER}, or a list of them`,
    like(SERVER, NAME_SERVER, (given) => (isServer(given) ? undefined : REFUSED)),
  ),
  "Name servers to ask instead of the system's.",
);

const nameLookup = shortFor(
  "a URL, or an object with a url",
  "url",
  nameUrl,
  object("NameConfig", {
    url: required(nameUrl, "URL whose host is looked up."),
    servers,
  }),
);

const scheme = defaulted(oneOf("http", "https"), "http", "How the endpoints are reached.");

const service = shortFor(
  'a name such as "_http._tcp.app.internal", or an object',
  "name",
  nonEmpty("a name"),
  object("ServiceConfig", {
    name: required(nonEmpty("a name"), "Name of the SRV records."),
    scheme,
    servers,
  }),
);

const httpList = shortFor(
  "a URL, or an object with a url",
  "url",
  listUrl,
  object("HttpListConfig", {
    url: required(listUrl, "Answers with the list as JSON; asked with If-None-Match."),
    headers: defaulted(headersOf(editableName, fieldValue), {}, "Headers of the request."),
    interval: defaulted(positiveDuration, "10s", "Time between two requests."),
  }),
);

const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

const kubernetes = object("KubernetesConfig", {
  service: required(nonEmpty("a name"), "Name of the service."),
  namespace: defaulted(nonEmpty("a name"), "default", "Its namespace."),
  port: optional(text("a name or number"), "Name or number of the endpoints' port; the first unless set."),
  scheme,
  server: defaulted(endpointUrl, "https://kubernetes.default.svc", "The API server."),
  tokenFile: optional(nonEmpty("a path"), `File with the bearer token, such as ${ACCOUNT}/token.`),
  ca: optional(certificates, "Authority of the API server as PEM text."),
});

const WAYS = ["dns", "srv", "file", "http", "kubernetes"];

const rules = [exactlyOne(WAYS, `expected exactly one of ${WAYS.join(", ")}`)];

export const discovery: Schema = object(named("DiscoveryConfig", { rules }), {
  dns: optional(nameLookup, "URL whose host is looked up: each address (A and AAAA) is an endpoint."),
  srv: optional(service, "SRV records: each target is an endpoint, their priorities are tiers."),
  file: optional(nonEmpty("a path"), "JSON file that is watched: URLs, or objects as in `endpoints`."),
  http: optional(httpList, "The same list from a server."),
  kubernetes: optional(kubernetes, "The EndpointSlices of a service."),
});
