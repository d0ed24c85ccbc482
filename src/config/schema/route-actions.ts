/** What a route does with a request: send it on, send the client elsewhere, or answer. */
import * as v from "valibot";
import { HOP_BY_HOP } from "../../http/headers.ts";
import { compileHost } from "../../routing/host-template.ts";
import { compileTarget } from "../../routing/target-template.ts";
import type { RedirectConfig, RespondConfig, RewriteConfig, RouteInput, WeightedUpstream } from "../types.ts";
import { looking, together } from "./check.ts";
import { headerEdits, nameOtherThan } from "./headers.ts";
import { listOf, mapOf } from "./collections.ts";
import { formOf } from "./forms.ts";
import { leaf, oneOf } from "./leaf.ts";
import { defaulted, object, optional, required } from "./object.ts";
import { HOST_TEMPLATE, PATH_TEMPLATE, REFERENCE, TEXT } from "./patterns.ts";
import { Refusal, REFUSED, type Schema } from "./run.ts";
import { because, fieldName, fieldValue, flag, SOMETHING, template, text, weight, whole } from "./values.ts";

type Short<Key extends keyof RouteInput> = NonNullable<RouteInput[Key]>;

/** Text that `compile` takes or says why not. */
const compiles =
  (compile: (text: string) => unknown) =>
  (given: string): string | Refusal => {
    try {
      compile(given);
      return given;
    } catch (error) {
      return because(error);
    }
  };

export const hostTemplate: Schema<string, string> = template(
  'a host such as "app.internal"',
  compiles(compileHost),
  { pattern: HOST_TEMPLATE },
);
export const pathTemplate: Schema<string, string> = template(
  'a path such as "/status"',
  compiles(compileTarget),
  { pattern: PATH_TEMPLATE },
);
export const prefixTemplate: Schema<string, string> = template(
  'a path such as "/v2"',
  compiles(compileTarget),
  { pattern: PATH_TEMPLATE },
);

export const rewrite: Schema<Short<"rewrite">, RewriteConfig> = v.pipe(
  object<Short<"rewrite">>("an object")({
    host: optional(
      hostTemplate,
      "Host sent upstream, instead of what the upstream's `host` says. May hold variables.",
    ),
    stripPrefix: defaulted(flag, false, "Removes the matched prefix."),
    prefix: optional(prefixTemplate, "Replaces the matched prefix. May hold variables."),
    path: optional(pathTemplate, "Replaces the whole path. May hold variables."),
  }),
  together(
    (given, complain) => {
      const ways = [given.stripPrefix === true, "prefix" in given, "path" in given].filter(Boolean);
      if (ways.length > 1) complain("expected at most one of stripPrefix, prefix and path");
    },
    {
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
  ),
  v.transform((given) => ({
    host: given.host,
    stripPrefix: given.stripPrefix,
    prefix: given.prefix,
    path: given.path,
  })),
);

const redirectStatus: Schema<RedirectConfig["status"], RedirectConfig["status"]> = leaf(
  v.picklist([301, 302, 303, 307, 308]),
  "301, 302, 303, 307 or 308",
  (value) =>
    value === 301 || value === 302 || value === 303 || value === 307 || value === 308 ? value : REFUSED,
);

export const redirect: Schema<Short<"redirect">, RedirectConfig> = v.pipe(
  object<Short<"redirect">>("an object")({
    status: defaulted(redirectStatus, 302, "Status of the redirect."),
    scheme: optional(oneOf("http", "https"), "Scheme to go to, instead of the request's."),
    host: optional(hostTemplate, "Host to go to, instead of the request's. May hold variables."),
    port: optional(whole("a port number", 1, 65_535), "Port to go to."),
    prefix: optional(prefixTemplate, "Replaces the matched prefix. May hold variables."),
    path: optional(pathTemplate, "Replaces the whole path. May hold variables."),
  }),
  together(
    (where, complain) => {
      if ("prefix" in where && "path" in where) {
        complain("expected at most one of prefix and path");
      }
      // 303 makes a GET of a POST, so it may lead to the same URL.
      if (where.status !== 303 && Object.keys(where).every((key) => key === "status")) {
        complain(
          "leads back to where it came from; expected at least one of scheme, host, port, prefix and path",
        );
      }
    },
    {
      not: {
        anyOf: [
          { required: ["prefix", "path"] },
          {
            not: {
              anyOf: [
                ...["scheme", "host", "port", "prefix", "path"].map((key) => ({ required: [key] })),
                { required: ["status"], properties: { status: { const: 303 } } },
              ],
            },
          },
        ],
      },
    },
  ),
  v.transform((given) => ({
    status: given.status,
    scheme: given.scheme,
    host: given.host,
    port: given.port,
    prefix: given.prefix,
    path: given.path,
  })),
);

const answerName: Schema<string, string> = leaf(
  v.string(),
  fieldName.expects,
  (given) => {
    const read = v.safeParse(fieldName, given);
    if (!read.success) return REFUSED;
    return read.output === "content-length" || HOP_BY_HOP.has(read.output)
      ? new Refusal("this one belongs to the connection or the framing, which the proxy decides")
      : read.output;
  },
  nameOtherThan(),
);

const anyText: Schema<string, string> = text("text");

const BODILESS: ReadonlySet<unknown> = new Set([204, 205, 304]);

export const respond: Schema<Short<"respond">, RespondConfig> = v.pipe(
  object<Short<"respond">>("an object")({
    status: defaulted(whole("a status", 200, 599), 200, "Status of the answer."),
    headers: defaulted(
      mapOf("an object of header names and values", answerName, fieldValue),
      {},
      "Headers of the answer.",
    ),
    body: defaulted(anyText, "", "Content of the answer."),
  }),
  together(
    ({ status, body }, complain) => {
      if (BODILESS.has(status) && body !== undefined && body !== "") {
        complain(`an answer with status ${status} has no content`, "body");
      }
    },
    {
      not: {
        required: ["status", "body"],
        properties: {
          status: { enum: [...BODILESS] },
          body: { minLength: 1, not: { pattern: REFERENCE } },
        },
      },
    },
  ),
);

const upstreamName: Schema<string, string> = text(
  "the name of an upstream",
  (name) => (name === "" ? REFUSED : name),
  SOMETHING,
);

type ShareInput = Extract<Short<"upstream">, readonly unknown[]>[number];

const share: Schema<ShareInput, WeightedUpstream> = v.pipe(
  object<ShareInput>("an object with the name of an upstream")({
    name: required(upstreamName, "Name of the upstream."),
    weight: defaulted(weight, 1, "Share of the route's requests; 0 gets none."),
    requestHeaders: optional(headerEdits, "Edits of requests that go there."),
    responseHeaders: optional(headerEdits, "Edits of responses that come from there."),
  }),
  v.transform((given) => ({
    name: given.name,
    weight: given.weight,
    requestHeaders: given.requestHeaders,
    responseHeaders: given.responseHeaders,
  })),
);

const shares = v.pipe(
  listOf("a list of upstreams", share),
  looking(
    v.rawCheck<readonly WeightedUpstream[]>(({ dataset, addIssue }) => {
      const list: unknown = dataset.value;
      if (!Array.isArray(list)) return;
      if (list.length === 0) addIssue({ message: "expected at least one upstream, found an empty list" });
      else if (list.every((item) => (item as WeightedUpstream | undefined)?.weight === 0)) {
        addIssue({ message: "every weight is 0; at least one upstream needs more" });
      }
    }),
    { minItems: 1 },
  ),
);

const single: Schema<string, readonly WeightedUpstream[]> = leaf(
  v.string(),
  "the name of an upstream",
  (value) => {
    const read = v.safeParse(upstreamName, value);
    return read.success
      ? [{ name: read.output, weight: 1, requestHeaders: undefined, responseHeaders: undefined }]
      : REFUSED;
  },
  { pattern: TEXT, ...SOMETHING },
);

export const target: Schema<Short<"upstream">, readonly WeightedUpstream[]> = formOf<
  Short<"upstream">,
  readonly WeightedUpstream[]
>("the name of an upstream, or a list of upstreams with weights", [single, shares], (value) =>
  typeof value === "string" ? single : Array.isArray(value) ? shares : undefined,
);
