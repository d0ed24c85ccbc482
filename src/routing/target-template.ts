/** Targets made from templates: always valid, and no value of a client can step out of its place. */
import type { ClientIdentity } from "../core/connection-tls.ts";
import { ProxyError } from "../core/errors.ts";
import { normaliseTarget } from "../http/target.ts";
import { encodeBytes, encodeText } from "./percent-encoding.ts";
import { type EncodeValue, type Template, type TemplateScope, compileTemplate } from "./template.ts";

/** A path, and the query that came with it; undefined where the template says nothing of a query. */
export interface RenderedTarget {
  readonly path: string;
  /** "" or starting with `?`. */
  readonly query: string | undefined;
}

const NOT_IN_PATH = /%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/%]+/gu;
const NOT_IN_QUERY = /%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%]+/gu;

/** What stands in the request's target already, and so fits into another; and the host, which is screened. */
const fits = (variable: string): boolean =>
  variable.startsWith("param.") || /^request\.(?:path|query|target|host)$/.test(variable);

/** Whatever else a client sends is one segment at most. */
const inPath: EncodeValue = (value, variable) => (fits(variable) ? value : encodeBytes(value));

/** Means something in a query that it does not mean in a path. */
const SEPARATORS = /[&+;]/g;

const inQuery: EncodeValue = (value, variable) => {
  if (variable === "request.query") return value.slice(1); // stands behind another "?"
  return fits(variable) ? value.replaceAll(SEPARATORS, encodeBytes) : encodeBytes(value);
};

/** One "/" at the start: two would name another server to whoever resolves the reference (RFC 3986 §4.2). */
export const withOneSlash = (path: string): string => {
  let from = 0;
  while (path[from] === "/") from++;
  return from === 1 ? path : `/${path.slice(from)}`;
};

const DOT_SEGMENT = /\/\.{1,2}(?:\/|$)/;

/** Whether an encoded slash may stand in a path. */
export type EncodedSlash = "reject" | "keep";

const checkedPath = (rendered: string, encodedSlash: EncodedSlash): string => {
  const path = withOneSlash(rendered);
  const normal = normaliseTarget(path);
  const allowed = normal.ok && (encodedSlash === "keep" || !normal.encodedSlash);
  if (allowed && !DOT_SEGMENT.test(path)) return normal.path;
  const reason = !normal.ok
    ? normal.reason
    : allowed
      ? "path holds a dot segment"
      : "path holds an encoded slash (see the setting encodedSlash)";
  throw new ProxyError("bad-request", { detail: `rewritten path ${JSON.stringify(path)}: ${reason}` });
};

/** Where the query starts in a template's text, not counting what stands in variables; -1 for nowhere. */
const queryMark = (text: string): number =>
  text.replaceAll(/\$\{[^}]*\}/g, (variable) => " ".repeat(variable.length)).indexOf("?");

const SOMEBODY: ClientIdentity = {
  status: "verified",
  certificate: { subject: "x", issuer: "x", serial: "x", fingerprint: "x", der: "x" },
};

/** Throws what is wrong with a template whatever its values are. */
const refuseImpossible = (text: string, path: Template, encodedSlash: EncodedSlash): void => {
  const params = path.variables
    .filter((name) => name.startsWith("param."))
    .map((name) => [name.slice(6), "x"]);
  const rendered = path.render({
    clientAddress: "x",
    clientIdentity: SOMEBODY,
    requestId: "x",
    method: "x",
    scheme: "x",
    host: "x",
    path: "/x",
    query: "?x=x",
    params: Object.fromEntries(params) as Record<string, string>,
    header: () => "x",
  });
  try {
    checkedPath(rendered.replace(/\?.*/s, ""), encodedSlash);
  } catch (cause) {
    throw new TypeError(`path ${JSON.stringify(text)} makes no valid target`, { cause });
  }
};

/**
 * Compiles the template of a path, with or without a query.
 *
 * The text is percent-encoded where it has to be. `request.path`, `.query`, `.target` and `param.NAME` are put
 * in as they stand in the request, but for what separates the parameters of a query; other values are encoded whole,
 * byte by byte. So no client can add a segment or a parameter by them.
 *
 * Rendering throws `ProxyError` (`bad-request`) when values make a path that `normaliseTarget` refuses, or one
 * with a dot segment, which would leave the place that the template gives them, or one with an encoded slash where
 * neither `encodedSlash` nor the text itself keeps it.
 *
 * @throws TypeError when `text` doesn't start with "/", can't make a target, or holds an unknown variable.
 */
export const compileTarget = (
  text: string,
  encodedSlash: EncodedSlash = "reject",
): ((scope: TemplateScope) => RenderedTarget) => {
  if (!/^(?:\/|\$\{request\.(?:path|target)\})/.test(text)) {
    throw new TypeError(`path ${JSON.stringify(text)}: must start with "/"`);
  }
  const mark = queryMark(text);
  const pathText = mark === -1 ? text : text.slice(0, mark);
  const slashes = /%2f/i.test(pathText) ? "keep" : encodedSlash;
  const path = compileTemplate(pathText, inPath, (literal) => literal.replaceAll(NOT_IN_PATH, encodeText));
  refuseImpossible(text, path, slashes);
  const query = compileTemplate(mark === -1 ? "" : text.slice(mark + 1), inQuery, (literal) =>
    literal.replaceAll(NOT_IN_QUERY, encodeText),
  );
  const constantPath = path.constant === undefined ? undefined : checkedPath(path.constant, slashes);
  return (scope) => {
    const rendered = constantPath ?? path.render(scope);
    // Only the request's own query or target can bring one here: everything else is encoded.
    const cut = rendered.indexOf("?");
    const own = cut === -1 ? undefined : rendered.slice(cut);
    return {
      path: constantPath ?? checkedPath(cut === -1 ? rendered : rendered.slice(0, cut), slashes),
      query: mark === -1 ? own : joinQueries(own, query.render(scope)),
    };
  };
};

const joinQueries = (first: string | undefined, second: string): string => {
  if (second === "") return first ?? "";
  return first === undefined ? `?${second}` : `${first}&${second}`;
};
