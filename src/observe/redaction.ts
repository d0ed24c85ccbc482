/** Masks secrets in lines about requests and in spans. */
import { isCredentialName } from "../http/credentials.ts";
import type { ExchangeReport } from "../core/telemetry.ts";

/** Replaces a secret. */
const MASK = "***";
const ALL = "*";
const MAX_CHARACTERS = 8_192;

/** Names whose values are masked besides those of credentials; `"*"` is all. */
export interface RedactionOptions {
  readonly query: readonly string[];
  /** Of parameters of routes' paths. */
  readonly params: readonly string[];
  /** Lower-case. */
  readonly headers: readonly string[];
}

export interface Redaction {
  /** Path and query of a request. */
  target(report: Pick<ExchangeReport, "target" | "routedTarget" | "params">): string;
  /** A URL that the client sent, as in `Referer`. */
  url(text: string): string;
  /** Value of a header field. */
  header(lowerName: string, value: string): string;
}

export const redaction = ({ query, params, headers }: RedactionOptions): Redaction => {
  const isMaskedQuery = masked(query);
  const isMaskedParam = masked(params);
  const isMaskedHeader = masked(headers);
  const url = (text: string): string => withoutUserinfo(maskUrl(bounded(text), isMaskedQuery));
  return {
    url,
    target({ target, routedTarget, params: values }) {
      if (routedTarget === undefined) return url(target);
      const text = bounded(routedTarget);
      const mark = text.indexOf("?");
      const path = withoutParams(mark === -1 ? text : text.slice(0, mark), values, isMaskedParam);
      return maskPath(path) + (mark === -1 ? "" : maskQuery(text.slice(mark), isMaskedQuery));
    },
    header: (name, value) => (isMaskedHeader(name) ? MASK : bounded(value)),
  };
};

type IsMasked = (name: string) => boolean;

const masked = (names: readonly string[]): IsMasked => {
  if (names.includes(ALL)) return () => true;
  const listed = new Set(names);
  return (name) => listed.has(name) || isCredentialName(name);
};

const bounded = (text: string): string =>
  text.length > MAX_CHARACTERS ? text.slice(0, MAX_CHARACTERS) : text;

/** The path, with values of parameters replaced by `:name`. */
const withoutParams = (path: string, params: ExchangeReport["params"], isMasked: IsMasked): string => {
  let shown = path;
  for (const name in params) {
    const value = params[name];
    if (value === undefined || value === "" || !isMasked(name)) continue;
    shown = replaced(shown, value, `:${name}`);
  }
  return shown;
};

/** A shorter value occurs within other words, so only whole segments are replaced, unless no segment equals it. */
const SHORT = 4;

const replaced = (path: string, value: string, by: string): string => {
  if (value.length < SHORT) {
    const segments = path.split("/");
    if (segments.includes(value)) {
      return segments.map((segment) => (segment === value ? by : segment)).join("/");
    }
  }
  return path.replaceAll(value, () => by);
};

/** `;name=value` within a segment. */
const maskPath = (path: string): string =>
  path.includes(";")
    ? path.replace(/;([^;=/]+)=([^;/]*)/g, (whole, name: string) =>
        isCredentialName(decoded(name)) ? `;${name}=${MASK}` : whole,
      )
    : path;

const maskUrl = (text: string, isMasked: IsMasked): string => {
  const mark = text.search(/[?#]/);
  return mark === -1 ? maskPath(text) : maskPath(text.slice(0, mark)) + maskQuery(text.slice(mark), isMasked);
};

const PAIR = /([?&;#])([^=&;#]*)=([^&;#]*)/g;

const maskQuery = (query: string, isMasked: IsMasked): string =>
  query.replace(PAIR, (whole, mark: string, name: string, value: string) =>
    isMasked(decoded(name)) || holdsCredential(value, isMasked) ? `${mark}${name}=${MASK}` : whole,
  );

/** Whether a value is itself a URL or a query with something to mask. */
const holdsCredential = (value: string, isMasked: IsMasked): boolean => {
  if (!/=|%3d/i.test(value)) return /%40|@/.test(value) && withoutUserinfo(decoded(value)) !== decoded(value);
  const inner = decoded(value);
  if (withoutUserinfo(inner) !== inner) return true;
  return [...inner.matchAll(/(?:^|[?&;#])([^=&;#]*)=/g)].some(([, name = ""]) => isMasked(decoded(name)));
};

const decoded = (text: string): string => {
  if (!text.includes("%") && !text.includes("+")) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
};

/** User and password of a URL. */
const withoutUserinfo = (text: string): string =>
  text.includes("@") ? text.replaceAll(/(?<=\/\/)[^\s/?#]*(?=@)/g, MASK) : text;
