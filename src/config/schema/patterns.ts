/**
 * What texts look like, for the JSON Schema. Where a reader decides, its pattern takes all that the reader takes, and
 * leaves open what an expression can't tell. None looks ahead or behind: not every engine can.
 */
import { TEMPLATE_VARIABLES } from "../../routing/template.ts";

const FROM_ELSEWHERE = "\\$\\{(?:env|file):[^}]*\\}";
/** A text with something in it that is known when the config is loaded. */
export const REFERENCE: string = `(?:^|[^$])${FROM_ELSEWHERE}`;
/** Nothing else: what stands there becomes a number, a flag or a list. */
export const REFERENCE_ALONE: string = `^${FROM_ELSEWHERE}$`;

/** A piece of a text in which no bare "${" stands; "$${" is a literal one. */
const PIECE = "[^$]|\\$[^${]|\\$\\$+[^$]";

const escaped = (text: string): string => text.replaceAll(".", "\\.");

const NAMES = TEMPLATE_VARIABLES.map((name) =>
  name.endsWith("NAME") ? `${escaped(name.slice(0, -"NAME".length))}[^}]+` : escaped(name),
);
const VARIABLE = `\\$\\{(?:${NAMES.join("|")})\\}`;

/** Any text without variables. */
export const TEXT: string = `^(?:${PIECE})*\\$*$`;
/** Any text whose variables are known. */
export const TEMPLATE: string = `^(?:${PIECE}|${VARIABLE})*\\$*$`;

const VISIBLE = "[!-~\\u0080-\\u00ff]";
/** No white space at the ends. */
export const FIELD_VALUE: string = `^(?:${VISIBLE}(?:[\\t -~\\u0080-\\u00ff]*${VISIBLE})?)?$`;

const SEGMENT = "[^?#\\\\/]+";
const MATCHED = "(?::[A-Za-z]\\w*|\\*|[^?#\\\\/*:][^?#\\\\/*]*)";

export const PATH: string = `^(?:/|(?:/${SEGMENT})+/?)$`;
/** Parameters and "*" are segments. */
export const PATH_PATTERN: string = `^(?:/\\*?|(?:/${MATCHED})+(?:/\\*?)?)$`;
export const PATH_TEMPLATE = "^(?:/|\\$\\{request\\.(?:path|target)\\})";
/** Path and query in printable ASCII. */
export const REQUEST_TARGET = '^/[!-"$-~]*$';

const LABEL = "[0-9A-Za-z_~-]+";
const BARE_NAME = `${LABEL}(?:\\.${LABEL})*`;
const NAME = `${BARE_NAME}\\.?`;
const V6 = "[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*";
const V6_ZONED = `${V6}(?:%[0-9A-Za-z]+)?`;
const LITERAL = `\\[${V6}\\]`;
const PORT_DIGITS = "(?:[0-5]?\\d{1,4}|6[0-4]\\d{3}|65[0-4]\\d\\d|655[0-2]\\d|6553[0-5])";
const AUTHORITY = `(?:${NAME}|${LITERAL})(?::${PORT_DIGITS}?)?`;

export const PORT: string = `^${PORT_DIGITS}$`;
// A colon without a port behind it means nothing (RFC 3986 §3.2.3).
export const HOST: string = `^(?:${NAME}|${LITERAL}):?$`;
/** A name, and no address: its last label is more than a number. */
export const DOMAIN: string = `^(?:${LABEL}\\.)*[0-9A-Za-z_~-]*[A-Za-z_~-][0-9A-Za-z_~-]*\\.?:?$`;
export const HOST_PATTERN: string = `^(?:(?:\\*\\.)?${NAME}|${LITERAL}):?$`;
export const HOST_AND_PORT: string = `^${AUTHORITY}$`;
export const HOST_TEMPLATE: string = `${HOST_AND_PORT}|${VARIABLE}`;
export const BIND_ADDRESS: string = `^(?:${BARE_NAME}|${LITERAL}|${V6_ZONED})$`;

const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const V4 = `${OCTET}(?:\\.${OCTET}){3}`;
const V4_BITS = "(?:0{0,2}\\d|0?[12]\\d|0?3[0-2])";
const V6_BITS = "(?:0?\\d{1,2}|1[01]\\d|12[0-8])";
export const ADDRESS_RANGE: string = `^(?:${V4}(?:/${V4_BITS})?|${V6_ZONED}(?:/${V6_BITS})?)$`;

/** An address, with or without a port. */
export const NAME_SERVER: string = `^(?:${V4}(?::${PORT_DIGITS})?|${V6}|${LITERAL}:${PORT_DIGITS})$`;

const HTTP = "[Hh][Tt][Tt][Pp][Ss]?://";
const AFTER_SCHEME = "[/\\\\]*(?::?@)?[^?#@/\\\\]+(?:[/\\\\][^?#]*)?$";
export const HTTP_ENDPOINT: string = `^${HTTP}${AFTER_SCHEME}`;
export const HTTPS_ENDPOINT: string = `^[Hh][Tt][Tt][Pp][Ss]://${AFTER_SCHEME}`;
export const ENDPOINT: string = `^unix:/[^/\\u0000]|${HTTP_ENDPOINT}`;
const HTTP_HOST = `^${HTTP}[^?#@/\\s]+`;
/** A URL, with path and query or not. */
export const HTTP_URL: string = `${HTTP_HOST}(?:/[^#\\s]*)?$`;
/** Scheme, host and port alone. */
export const HTTP_ORIGIN: string = `${HTTP_HOST}/?$`;

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
export const FIELD_NAME: string = `^${TOKEN}$`;
/** What identifies a client. */
export const HASH_KEY: string = `^(?:ip|path|header:${TOKEN}|(?:cookie|query):[\\s\\S]+)$`;
/** Where the region of a client comes from. */
export const REGION_SOURCE: string = `^(?:edge|header:${TOKEN})$`;
/** The name of a protocol, with or without a version. */
export const PROTOCOL: string = `^${TOKEN}(?:/${TOKEN})?$`;
export const PSEUDONYM: string = `^(?:${TOKEN}|${AUTHORITY})$`;
const SUBTYPE = "[\\w!#$&^.+-]+";
/** A media type, or all of a kind: `text/*`. */
export const MEDIA_TYPE: string = `^(?:\\*/\\*|${SUBTYPE}/(?:\\*|${SUBTYPE}))$`;

/** Any of `names`, in whatever case. */
export const anyCase = (names: Iterable<string>): string =>
  `^(?:${[...names].join("|").replaceAll(/[a-z]/g, (letter) => `[${letter.toUpperCase()}${letter}]`)})$`;

const AMOUNT = "\\d+(?:\\.\\d+)? ?";
export const DURATION: string = `^${AMOUNT}(?:ms|[smhd])?$`;
export const SIZE: string = `^${AMOUNT}(?:[Bb]|[KkMmGgTt][Ii]?[Bb])?$`;
