/** Masks secrets in lines about requests and in spans. */
import type { Exchange } from "../core/exchange.ts";
import type { ExchangeReport } from "../core/telemetry.ts";
import { isCredentialName } from "../http/credentials.ts";
import {
  type IsMasked,
  MASK,
  anyDecoding,
  holdsCredential,
  maskQuery,
  withoutUserinfo,
} from "./query-masking.ts";

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

/** Results have 8,192 characters at most. */
export interface Redaction {
  /** Path and query of a request. */
  target(report: Pick<ExchangeReport, "target" | "routedTarget" | "params">): string;
  /** A URL that the client sent, as in `Referer`. */
  url(text: string): string;
  /** Value of a header field, which may be a URL. */
  header(lowerName: string, value: string): string;
}

export const redaction = ({ query, params, headers }: RedactionOptions): Redaction => {
  const isMaskedQuery = masked(query.map(asBytes));
  const isMaskedParam = masked(params);
  const isMaskedHeader = masked(headers);
  const whole = (text: string): string => withoutUserinfo(maskUrl(text, isMaskedQuery));
  return {
    // Masked first: a secret that is cut in the middle may not be recognised.
    url: (text) => cut(whole(text)),
    target({ target, routedTarget, params: values }) {
      if (routedTarget === undefined) return cut(whole(target));
      const mark = routedTarget.indexOf("?");
      const path = mark === -1 ? routedTarget : routedTarget.slice(0, mark);
      const shown = withoutUserinfo(maskPath(withoutParams(path, values, isMaskedParam)));
      return cut(mark === -1 ? shown : shown + maskQuery(routedTarget.slice(mark), isMaskedQuery));
    },
    header(name, value) {
      if (isMaskedHeader(name)) return MASK;
      const shown = whole(value);
      return shown === value && holdsCredential(value, isMaskedQuery) ? MASK : cut(shown);
    },
  };
};

const masked = (names: readonly string[]): IsMasked => {
  if (names.includes(ALL)) return () => true;
  const listed = new Set(names);
  return (name) => listed.has(name) || isCredentialName(name);
};

/** As it comes in targets: a character a byte of UTF-8. */
const asBytes = (text: string): string => String.fromCharCode(...new TextEncoder().encode(text));

const cut = (text: string): string => (text.length > MAX_CHARACTERS ? text.slice(0, MAX_CHARACTERS) : text);

/** The path, with values of parameters replaced by `:name`. */
const withoutParams = (path: string, params: Exchange["params"], isMasked: IsMasked): string => {
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

/** `;name=value` within a segment. Takes linear time: names hold no ";". */
const MATRIX_PARAMETER = /;([^;=/]+)=([^;/]*)/g;

const maskPath = (path: string): string =>
  path.includes(";")
    ? path.replaceAll(MATRIX_PARAMETER, (whole, name: string) =>
        anyDecoding(name, isCredentialName) ? `;${name}=${MASK}` : whole,
      )
    : path;

const maskUrl = (text: string, isMasked: IsMasked): string => {
  const mark = text.search(/[?#]/);
  return mark === -1 ? maskPath(text) : maskPath(text.slice(0, mark)) + maskQuery(text.slice(mark), isMasked);
};
