/** Text with variables, compiled once and rendered per request. */
import type { ClientCertificate, ClientIdentity } from "../core/connection-tls.ts";
import { nearestName } from "../core/nearest.ts";
import { cookieValue } from "../http/cookie-value.ts";
import { queryBytes } from "../http/query-value.ts";

/** What variables are read from. */
export interface TemplateScope {
  readonly clientAddress: string;
  /** Whose connection it is, as its TLS tells. */
  readonly clientIdentity: ClientIdentity;
  readonly requestId: string;
  readonly method: string;
  readonly scheme: string;
  /** Authority the client asked for, lower-case, with port if it was given. */
  readonly host: string;
  /** Normalised, still percent-encoded. */
  readonly path: string;
  /** "" or starting with `?`. */
  readonly query: string;
  /** Percent-encoded, as they stand in the path. */
  readonly params: Readonly<Record<string, string>>;
  /** Value of a request header field, a character for each byte; repeated ones joined. */
  header(lowerName: string): string | undefined;
}

/** Compiled text. */
export interface Template {
  /** The whole text when it holds no variable. */
  readonly constant: string | undefined;
  /** Variables in the order they stand, e.g. `param.id`. */
  readonly variables: readonly string[];
  /** What is missing renders as "". Never throws. */
  render(scope: TemplateScope): string;
}

/** Makes a variable's value fit the place it is put in. */
export type EncodeValue = (value: string, variable: string) => string;

/** Makes the text around the variables fit; applied once. */
export type EncodeLiteral = (text: string) => string;

type Read = (scope: TemplateScope) => string | undefined;

/** Of a certificate that was verified alone: what another one says is anybody's word. */
const readCertificate =
  (key: Exclude<keyof ClientCertificate, "der">): Read =>
  ({ clientIdentity }) =>
    clientIdentity.status === "verified" ? clientIdentity.certificate[key] : undefined;

const FIXED: ReadonlyMap<string, Read> = new Map<string, Read>([
  ["client.address", (scope) => scope.clientAddress],
  ["client.cert.status", ({ clientIdentity }) => clientIdentity.status],
  ["client.cert.subject", readCertificate("subject")],
  ["client.cert.issuer", readCertificate("issuer")],
  ["client.cert.serial", readCertificate("serial")],
  ["client.cert.fingerprint", readCertificate("fingerprint")],
  ["request.id", (scope) => scope.requestId],
  ["request.method", (scope) => scope.method],
  ["request.scheme", (scope) => scope.scheme],
  ["request.host", (scope) => scope.host],
  ["request.path", (scope) => scope.path],
  ["request.query", (scope) => scope.query],
  ["request.target", (scope) => scope.path + scope.query],
]);

const readParam =
  (name: string): Read =>
  (scope) =>
    Object.hasOwn(scope.params, name) ? scope.params[name] : undefined;

const readCookie =
  (name: string): Read =>
  (scope) => {
    const field = scope.header("cookie");
    return field === undefined ? undefined : cookieValue(field, name);
  };

const FAMILIES: ReadonlyMap<string, (name: string) => Read> = new Map<string, (name: string) => Read>([
  ["param", readParam],
  ["header", (name) => (scope) => scope.header(name.toLowerCase())],
  ["query", (name) => (scope) => queryBytes(scope.query, name)],
  ["cookie", readCookie],
]);

/** Every variable there is, as it is written in config; `NAME` stands for any name. */
export const TEMPLATE_VARIABLES: readonly string[] = [
  ...FIXED.keys(),
  ...[...FAMILIES.keys()].map((family) => `${family}.NAME`),
];

/** Whether a variable tells of a client's certificate. */
export const isCertificateVariable = (variable: string): boolean => variable.startsWith("client.cert.");

const nearestVariable = (variable: string): string | undefined => {
  const fixed = nearestName(variable, FIXED.keys());
  if (fixed !== undefined) return fixed;
  const dot = variable.indexOf(".");
  const family = nearestName(dot === -1 ? variable : variable.slice(0, dot), FAMILIES.keys());
  if (family === undefined) return undefined;
  return `${family}.${dot === -1 || dot === variable.length - 1 ? "NAME" : variable.slice(dot + 1)}`;
};

const unknownVariable = (variable: string): TypeError => {
  const nearest = nearestVariable(variable);
  const hint = nearest === undefined ? "" : `did you mean "\${${nearest}}"? `;
  return new TypeError(
    `unknown variable "\${${variable}}": ${hint}known are ${TEMPLATE_VARIABLES.join(", ")}`,
  );
};

const readerOf = (variable: string): Read => {
  const fixed = FIXED.get(variable);
  if (fixed !== undefined) return fixed;
  const dot = variable.indexOf(".");
  const name = variable.slice(dot + 1);
  const family = dot === -1 || name === "" ? undefined : FAMILIES.get(variable.slice(0, dot));
  if (family === undefined) throw unknownVariable(variable);
  return family(name);
};

interface Pieces {
  /** One more than there are variables; they stand between. */
  readonly literals: readonly string[];
  readonly variables: readonly string[];
}

/** `$${` stands for a literal `${`. */
const split = (text: string): Pieces => {
  const literals: string[] = [];
  const variables: string[] = [];
  let literal = "";
  let from = 0;
  for (;;) {
    const open = text.indexOf("${", from);
    if (open === -1) break;
    if (text[open - 1] === "$" && open > from) {
      literal += `${text.slice(from, open - 1)}\${`;
      from = open + 2;
      continue;
    }
    const close = text.indexOf("}", open);
    if (close === -1) {
      throw new TypeError(`"\${" without "}" in ${JSON.stringify(text)}: write "$\${" for a literal "\${"`);
    }
    literals.push(literal + text.slice(from, open));
    literal = "";
    variables.push(text.slice(open + 2, close));
    from = close + 1;
  }
  literals.push(literal + text.slice(from));
  return { literals, variables };
};

/**
 * Compiles `text`, where `${client.address}` and its like stand for values of the request (see
 * `TEMPLATE_VARIABLES`), and `$${` for a literal `${`.
 *
 * Values are put in as `encode` returns them, by default as they are: a character for each byte, `query.NAME`
 * percent-decoded, `request.path`, `request.query` (with its `?`) and `param.NAME` still percent-encoded. The text around them
 * is put in as `encodeLiteral` returns it.
 *
 * @throws TypeError for an unknown variable (naming it, the nearest and all known ones) or a `${` left open.
 */
export const compileTemplate = (
  text: string,
  encode: EncodeValue = (value) => value,
  encodeLiteral: EncodeLiteral = (literal) => literal,
): Template => {
  const { literals: raw, variables } = split(text);
  const literals = raw.map(encodeLiteral);
  const first = literals[0] ?? "";
  if (variables.length === 0) return { constant: first, variables, render: () => first };
  const slots = variables.map((variable, i) => ({
    variable,
    read: readerOf(variable),
    after: literals[i + 1] ?? "",
  }));
  const render = (scope: TemplateScope): string => {
    let out = first;
    for (const slot of slots) {
      const value = slot.read(scope);
      out += (value === undefined ? "" : encode(value, slot.variable)) + slot.after;
    }
    return out;
  };
  return { constant: undefined, variables, render };
};
