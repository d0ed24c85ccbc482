/**
 * What texts look like, for the JSON Schema alone; the readers decide. A pattern takes all that its reader takes, and
 * leaves open what an expression can't tell. None looks ahead or behind: not every engine can.
 */
import { TEMPLATE_VARIABLES } from "../../routing/template.ts";

/** Classes of characters, none of which holds "$". */
interface Characters {
  readonly all: string;
  readonly withoutBrace: string;
}

/** One piece of a text in which no bare "${" stands; "$${" is a literal one. */
const piece = ({ all, withoutBrace }: Characters, first: string = all): string =>
  `(?:[${first}]|\\$[${withoutBrace}]|\\$\\$+[${all}])`;

/** All characters but some. */
const except = (some: string): Characters => ({ all: `^$${some}`, withoutBrace: `^\${${some}` });

const ANY = piece(except(""));
const FIELD = piece({
  all: "\\t -#%-~\\u0080-\\u00ff",
  withoutBrace: "\\t -#%-z|-~\\u0080-\\u00ff",
});

const FROM_ELSEWHERE = "\\$\\{(?:env|file):[^}]*\\}";
/** A text with something in it that is known when the config is loaded. */
export const REFERENCE: string = `(?:^|[^$])${FROM_ELSEWHERE}`;
/** Nothing else: what stands there becomes a number, a flag or a list. */
export const REFERENCE_ALONE: string = `^${FROM_ELSEWHERE}$`;

/** Any text without variables. */
export const TEXT: string = `^${ANY}*\\$*$`;

/** Any text without variables behind one of `beginnings`. */
export const behind = (beginnings: string): string => `^(?:${beginnings})${ANY}+\\$*$`;

/** A path and query to ask a server for. */
export const PATH_AND_QUERY: string = `^/${piece({ all: '!"%-~', withoutBrace: '!"%-z|-~' })}*\\$*$`;

/** The grammar of IPv6 is left to the reader. */
export const NAME_SERVER = "^[0-9A-Fa-f:.]+$|^\\[[0-9A-Fa-f:.]+\\]:\\d+$";

const escaped = (text: string): string => text.replaceAll(".", "\\.");

const NAMES = TEMPLATE_VARIABLES.map((name) =>
  name.endsWith("NAME") ? `${escaped(name.slice(0, -"NAME".length))}[^}]+` : escaped(name),
);
const VARIABLE = `\\$\\{(?:${NAMES.join("|")})\\}`;

export const FIELD_VALUE: string = `^${FIELD}*\\$*$`;
export const FIELD_TEMPLATE: string = `^(?:${FIELD}|${VARIABLE})*\\$*$`;
export const PATH_TEMPLATE: string = `^(?:/|\\$\\{request\\.(?:path|target)\\})(?:${ANY}|${VARIABLE})*\\$*$`;

/** White space at the ends of a header's value. */
export const PADDED = "^[\\t ]|[\\t ]$";

const segment = (characters: Characters, first?: string): string =>
  `(?:${piece(characters, first)}${piece(characters)}*\\$*|\\$+)`;

const IN_SEGMENT = "?#\\\\/";
const SEGMENT = segment(except(IN_SEGMENT));
const PARAMETER = ":[A-Za-z]\\w*";
const MATCHED = `(?:${PARAMETER}|\\*|${segment(except(`${IN_SEGMENT}*`), `^$${IN_SEGMENT}*:`)})`;

export const PATH: string = `^(?:/|(?:/${SEGMENT})+/?)$`;
/** Parameters and "*" are segments. */
export const PATH_PATTERN: string = `^(?:/\\*?|(?:/${MATCHED})+(?:/\\*?)?)$`;

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
export const HOST_PATTERN: string = `^(?:(?:\\*\\.)?${NAME}|${LITERAL}):?$`;
export const HOST_AND_PORT: string = `^${AUTHORITY}$`;
export const HOST_TEMPLATE: string = `${HOST_AND_PORT}|^${ANY}*(?:${VARIABLE}${ANY}*)+\\$*$`;
export const BIND_ADDRESS: string = `^(?:${BARE_NAME}|${LITERAL}|${V6_ZONED})$`;

const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const V4 = `${OCTET}(?:\\.${OCTET}){3}`;
const V4_BITS = "(?:0{0,2}\\d|0?[12]\\d|0?3[0-2])";
const V6_BITS = "(?:0?\\d{1,2}|1[01]\\d|12[0-8])";
export const ADDRESS_RANGE: string = `^(?:${V4}(?:/${V4_BITS})?|${V6_ZONED}(?:/${V6_BITS})?)$`;

const IN_AUTHORITY = piece(except("?#@/\\\\"));
const IN_URL = piece(except("?#"));
export const ENDPOINT: string = `^unix:/[^/\\u0000]|^[Hh][Tt][Tt][Pp][Ss]?://[/\\\\]*(?::?@)?(?:${IN_AUTHORITY}+\\$*|\\$+)(?:[/\\\\]${IN_URL}*\\$*)?$`;

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
export const FIELD_NAME: string = `^${TOKEN}$`;
/** The name of a protocol, with or without a version. */
export const PROTOCOL: string = `^${TOKEN}(?:/${TOKEN})?$`;
export const PSEUDONYM: string = `^(?:${TOKEN}|${AUTHORITY})$`;
const SUBTYPE = "[\\w!#$&^.+-]+";
export const MEDIA_TYPE: string = `^(?:\\*/\\*|${SUBTYPE}/(?:\\*|${SUBTYPE}))$`;

/** Any of `names`, in whatever case. */
export const anyCase = (names: Iterable<string>): string =>
  `^(?:${[...names].join("|").replaceAll(/[a-z]/g, (letter) => `[${letter.toUpperCase()}${letter}]`)})$`;

const AMOUNT = "\\d+(?:\\.\\d+)? ?";
export const DURATION: string = `^${AMOUNT}(?:ms|[smhd])?$`;
export const SIZE: string = `^${AMOUNT}(?:[Bb]|[KkMmGgTt][Ii]?[Bb])?$`;
