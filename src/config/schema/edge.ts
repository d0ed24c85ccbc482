/** What concerns every request alike: validation, security headers, request ids, forwarding headers. */
import * as v from "valibot";
import { parseAuthority } from "../../http/authority.ts";
import { isFieldName } from "../../http/headers.ts";
import type {
  ConfigInput,
  ForwardingConfig,
  RequestIdConfig,
  SecurityHeadersConfig,
  ValidationConfig,
} from "../types.ts";
import { hostPattern } from "./addresses.ts";
import { editableName } from "./headers.ts";
import { listOf, mapOf } from "./collections.ts";
import { type Expanding, formOf, shortFor } from "./forms.ts";
import { leaf, oneOf } from "./leaf.ts";
import { defaulted, object, optional } from "./object.ts";
import { PSEUDONYM } from "./patterns.ts";
import { isRecord, REFUSED, type Schema } from "./run.ts";
import { fieldValue, flag, mediaType, method, text } from "./values.ts";

type ValidationInput = NonNullable<ConfigInput["validation"]>;
type SecurityInput = NonNullable<ConfigInput["securityHeaders"]>;

const validationInput = object<ValidationInput>("an object")({
  methods: optional(
    listOf("a list of methods", method),
    "Methods that are let through, HEAD wherever GET is. Without it all but CONNECT and TRACE.",
  ),
  hosts: optional(
    listOf("a list of hosts", hostPattern),
    'Hosts that are served, exact or "*.example.com", also where a trusted proxy tells the host in X-Forwarded-Host. Without it any.',
  ),
  contentTypes: optional(
    listOf("a list of media types", mediaType),
    'Media types accepted in request bodies, such as "application/json" or "text/*". Without it any.',
  ),
  underscores: defaulted(
    oneOf("drop", "reject", "allow"),
    "drop",
    "What becomes of request headers whose name holds an underscore.",
  ),
  encodedSlash: defaulted(
    oneOf("reject", "keep"),
    "reject",
    "What becomes of requests with an encoded slash (`%2F`) in their path: 400, or it is matched and forwarded as it came, as part of a segment.",
  ),
});

export const validation: Schema<ValidationInput, ValidationConfig> = v.pipe(
  validationInput,
  v.transform((given) => ({
    methods: given.methods,
    hosts: given.hosts,
    contentTypes: given.contentTypes,
    underscores: given.underscores,
    encodedSlash: given.encodedSlash,
  })),
);

const preset = oneOf("default", "strict");

const no: Schema<false, false> = leaf(v.literal(false), "false", (value) =>
  value === false ? value : REFUSED,
);

const valueOrFalse: Schema<string | false, string | false> = formOf<string | false, string | false>(
  "a header value, or false to leave the header out",
  [fieldValue, no],
  (value) => (value === false ? no : typeof value === "string" ? fieldValue : undefined),
);

const securityObject: Schema<Extract<SecurityInput, object>, SecurityHeadersConfig> = object<
  Extract<SecurityInput, object>
>("an object")({
  preset: defaulted(preset, "default", '"default" breaks no page; "strict" is for sites made for it.'),
  headers: defaulted(
    mapOf("an object of header names and values", editableName, valueOrFalse),
    {},
    "Values instead of the preset's; false leaves a header out.",
  ),
  override: defaulted(flag, false, "Replace what the upstream set."),
  remove: defaulted(
    listOf("a list of header names", editableName),
    ["server", "x-powered-by"],
    "Response headers that are taken out.",
  ),
});

const SECURITY = '"default", "strict", false or an object';
const securityLong = shortFor(SECURITY, "preset", preset, securityObject);

const securityForms = formOf<SecurityInput, SecurityHeadersConfig | false>(
  SECURITY,
  [no, securityLong],
  (value) => (value === false ? no : typeof value === "string" || isRecord(value) ? securityLong : undefined),
);

export const securityHeaders: Schema<SecurityInput, SecurityHeadersConfig | false> & Expanding = {
  ...securityForms,
  expand: securityLong.expand,
};

export const requestId: Schema<NonNullable<ConfigInput["requestId"]>, RequestIdConfig> = object<
  NonNullable<ConfigInput["requestId"]>
>("an object")({
  header: defaulted(editableName, "x-request-id", "Header that carries the id, both ways."),
  trust: defaulted(
    oneOf("always", "trusted", "never"),
    "trusted",
    "Whose ids are kept: any client's, those from trusted proxies only, or nobody's.",
  ),
});

const pseudonym = text(
  'a name such as "fairlead" or "edge.example.com", or false',
  (given) => (isFieldName(given) || parseAuthority(given) !== undefined ? given : REFUSED),
  { pattern: PSEUDONYM },
);

export const forwarding: Schema<NonNullable<ConfigInput["forwarding"]>, ForwardingConfig> = object<
  NonNullable<ConfigInput["forwarding"]>
>("an object")({
  xForwarded: defaulted(
    flag,
    true,
    "Send X-Forwarded-For, X-Forwarded-Host, X-Forwarded-Proto and X-Forwarded-Port upstream.",
  ),
  forwarded: defaulted(flag, false, "Send Forwarded (RFC 7239) upstream."),
  via: defaulted(
    formOf<string | false, string | false>(pseudonym.expects, [pseudonym, no], (value) =>
      value === false ? no : pseudonym,
    ),
    "fairlead",
    "Pseudonym in Via (RFC 9110 section 7.6.3), or false for none.",
  ),
});
