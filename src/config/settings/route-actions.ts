/** What a route does with a request: send it on, send the client elsewhere, or answer. */
import { compileHost } from "../../routing/host-template.ts";
import { compileTarget } from "../../routing/target-template.ts";
import { listOf, oneOrMany } from "../schema/collections.ts";
import { formOf, shortFor } from "../schema/forms.ts";
import { type KeyRule, notBoth } from "../schema/key-rules.ts";
import { oneOf } from "../schema/leaf.ts";
import { defaulted, named, object, optional, required } from "../schema/object.ts";
import * as patterns from "../schema/patterns.ts";
import { type Schema, transformed } from "../schema/schema.ts";
import {
  compiles,
  fieldValue,
  flag,
  nonEmpty,
  ratio,
  size,
  template,
  text,
  weight,
  whole,
} from "../schema/values.ts";
import type { RedirectConfig, RespondConfig, RewriteConfig, WeightedUpstream } from "../types.ts";
import { answerName, headerEdits, headersOf } from "./headers.ts";

const hostTemplate = template('a host such as "app.internal"', compiles(compileHost), {
  pattern: patterns.HOST_TEMPLATE,
});
const pathLike = (example: string): Schema<string> =>
  template(`a path such as ${example}`, compiles(compileTarget), { pattern: patterns.PATH_TEMPLATE });
const pathTemplate = pathLike('"/status"');
const prefixTemplate = pathLike('"/v2"');

const prefix = optional(prefixTemplate, "Replaces the matched prefix. May hold variables.");
const path = optional(pathTemplate, "Replaces the whole path. May hold variables.");

const ONE_PATH: KeyRule<RewriteConfig> = {
  check: ({ stripPrefix }, { has, complain }) => {
    const ways = [stripPrefix === true, has("prefix"), has("path")].filter(Boolean);
    if (ways.length > 1) complain("expected at most one of stripPrefix, prefix and path");
  },
  json: {
    not: {
      anyOf: [
        { required: ["prefix", "path"] },
        {
          required: ["stripPrefix"],
          properties: { stripPrefix: { const: true } },
          anyOf: [{ required: ["prefix"] }, { required: ["path"] }],
        },
      ],
    },
  },
};

export const rewrite: Schema = object(named("RewriteConfig", { rules: [ONE_PATH] }), {
  host: optional(
    hostTemplate,
    "Host sent upstream, instead of what the upstream's `host` says. May hold variables.",
    { needs: "raw-host" },
  ),
  stripPrefix: defaulted(flag, false, "Removes the matched prefix."),
  prefix,
  path,
  location: defaulted(
    flag,
    true,
    "Rewrites `Location` of responses where the upstream names itself or leaves out the prefix that was taken off.",
  ),
  cookies: defaulted(
    flag,
    true,
    "The same for Domain and Path of `Set-Cookie`, and adds Secure where only the client has TLS.",
  ),
});

const STATUSES = [301, 302, 303, 307, 308] as const;
/** Makes a GET of a POST, so it may lead to the same URL. */
const SEE_OTHER = 303;
const DESTINATIONS = ["scheme", "host", "port", "prefix", "path"];

const LEADS_ELSEWHERE: KeyRule<RedirectConfig> = {
  check: ({ status }, { has, complain }) => {
    if (status === SEE_OTHER || DESTINATIONS.some(has)) return;
    complain(
      "leads back to where it came from; expected at least one of scheme, host, port, prefix and path",
    );
  },
  json: {
    not: {
      properties: { status: { enum: STATUSES.filter((status) => status !== SEE_OTHER) } },
      not: { anyOf: DESTINATIONS.map((key) => ({ required: [key] })) },
    },
  },
};

const redirectRules = [
  notBoth(["prefix", "path"], "expected at most one of prefix and path"),
  LEADS_ELSEWHERE,
];

export const redirect: Schema = object(named("RedirectConfig", { rules: redirectRules }), {
  status: defaulted(oneOf(...STATUSES), 302, "Status of the redirect."),
  scheme: optional(oneOf("http", "https"), "Scheme to go to, instead of the request's."),
  host: optional(hostTemplate, "Host to go to, instead of the request's. May hold variables."),
  port: optional(whole(1, 65_535, "a port number"), "Port to go to."),
  prefix,
  path,
});

const BODILESS = [204, 205, 304];

const NO_BODY: KeyRule<RespondConfig> = {
  check: ({ status = 200, body = "" }, { complain }) => {
    if (!BODILESS.includes(status) || body === "") return;
    complain(`an answer with status ${status} has no content`, "body");
  },
  json: {
    not: {
      required: ["status", "body"],
      properties: {
        status: { enum: BODILESS },
        body: { minLength: 1, not: { pattern: patterns.REFERENCE } },
      },
    },
  },
};

export const respond: Schema = object(named("RespondConfig", { rules: [NO_BODY] }), {
  status: defaulted(whole(200, 599, "a status"), 200, "Status of the answer."),
  headers: defaulted(headersOf(answerName, fieldValue), {}, "Headers of the answer."),
  body: defaulted(text("text"), "", "Content of the answer."),
});

/** The name of an upstream, which must be one of those that there are. */
const upstreamName = transformed(
  nonEmpty("the name of an upstream"),
  (name, reading) => {
    reading.mention("upstream", name);
    return name;
  },
  { input: "NoInfer<Upstream> | Reference" },
);

const share: Schema<WeightedUpstream> = object(
  named("WeightedUpstream", { expects: "an object with the name of an upstream" }),
  {
    name: required(upstreamName, "Name of the upstream."),
    weight: defaulted(weight, 1, "Share of the route's requests; 0 gets none."),
    requestHeaders: optional(headerEdits, "Edits of requests that go there."),
    responseHeaders: optional(headerEdits, "Edits of responses that come from there."),
  },
);

export const otherUpstreams: Schema<readonly string[]> = oneOrMany(
  "the name of an upstream, or a list of names",
  upstreamName,
);

export const mirror: Schema = shortFor(
  "the name of an upstream, or an object with an upstream",
  "upstream",
  upstreamName,
  object("MirrorConfig", {
    upstream: required(upstreamName, "Where the copies go."),
    share: defaulted(ratio(0, 1), 1, "Share of the requests that are copied."),
    bodyBytes: defaulted(size(0), "64KiB", "Requests with more content are not copied."),
    inProgress: defaulted(whole(1, 10_000), 64, "Most copies at once; what comes then is not copied."),
  }),
);

/** All of a route's requests to one upstream. */
const everythingTo = (name: string): readonly WeightedUpstream[] => [
  { name, weight: 1, requestHeaders: undefined, responseHeaders: undefined },
];

const shares = transformed(listOf("a list of at least one upstream", share, 1), (list, reading) => {
  if (list.some(({ weight: share }) => share > 0)) return list;
  return reading.complain("every weight is 0; at least one upstream needs more");
});

export const target: Schema = formOf("the name of an upstream, or a list of upstreams with weights", [
  transformed(upstreamName, everythingTo, { output: shares.types.output }),
  shares,
]);
