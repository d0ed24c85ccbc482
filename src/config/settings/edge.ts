/** What concerns every request alike: validation, security headers, request ids, forwarding headers. */
import { parseAuthority } from "../../http/authority.ts";
import { isFieldName } from "../../http/headers.ts";
import { listOf } from "../schema/collections.ts";
import { orOff, shortFor } from "../schema/forms.ts";
import { oneOf } from "../schema/leaf.ts";
import { defaulted, object, optional } from "../schema/object.ts";
import { MEDIA_TYPE, PSEUDONYM } from "../schema/patterns.ts";
import { REFUSED, type Schema, transformed } from "../schema/schema.ts";
import { fieldValue, flag, like, method, text } from "../schema/values.ts";
import type { RequestIdConfig, SecurityHeadersConfig, ValidationConfig } from "../types.ts";
import { hostPattern } from "./addresses.ts";
import { editableName, headersOf } from "./headers.ts";

export const encodedSlash: Schema<"reject" | "keep"> = oneOf("reject", "keep");

const mediaType = transformed(
  like('a media type such as "application/json" or "text/*"', MEDIA_TYPE),
  (type) => type.toLowerCase(),
);

export const validation: Schema<ValidationConfig> = object("ValidationConfig", {
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
    encodedSlash,
    "reject",
    "What becomes of requests with an encoded slash (`%2F`) in their path: 400, or it is matched and forwarded as it came, as part of a segment.",
  ),
});

const preset = oneOf("default", "strict");
const valueOrOff = orOff("a header value, or false to leave the header out", fieldValue);

/** The long form, which is never false. */
export const securityHeadersObject: Schema<SecurityHeadersConfig> = object("SecurityHeadersConfig", {
  preset: defaulted(preset, "default", '"default" breaks no page; "strict" is for sites made for it.'),
  headers: defaulted(
    headersOf(editableName, valueOrOff),
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
export const securityHeaders: Schema = orOff(
  SECURITY,
  shortFor(SECURITY, "preset", preset, securityHeadersObject),
);

export const requestId: Schema<RequestIdConfig> = object("RequestIdConfig", {
  header: defaulted(editableName, "x-request-id", "Header that carries the id, both ways."),
  trust: defaulted(
    oneOf("always", "trusted", "never"),
    "trusted",
    "Whose ids are kept: any client's, those from trusted proxies only, or nobody's.",
  ),
});

const PSEUDONYMS = 'a name such as "fairlead" or "edge.example.com", or false';
const pseudonym = text(
  PSEUDONYMS,
  (given) => (isFieldName(given) || parseAuthority(given) !== undefined ? given : REFUSED),
  { pattern: PSEUDONYM },
);

export const forwarding: Schema = object("ForwardingConfig", {
  xForwarded: defaulted(
    flag,
    true,
    "Send X-Forwarded-For, X-Forwarded-Host, X-Forwarded-Proto and X-Forwarded-Port upstream.",
  ),
  forwarded: defaulted(flag, false, "Send Forwarded (RFC 7239) upstream."),
  via: defaulted(
    orOff(PSEUDONYMS, pseudonym),
    "fairlead",
    "Pseudonym in Via (RFC 9110 section 7.6.3), or false for none.",
  ),
  clientCert: defaulted(
    flag,
    false,
    "Send the certificate of a client upstream as Client-Cert (RFC 9440), where `listen.tls.client` has verified it.",
    { needs: "client-certificate" },
  ),
});
