/** Where a request's content ends and where the request goes: the few fields on which servers must not disagree. */
import type { HeaderPairs } from "./header-edits.ts";
import { firstValue, nominatedBy } from "./headers.ts";
import { type ScreenProblem, malformed, problem } from "./screen-problem.ts";

const NONE: readonly string[] = Object.freeze([]);

const LENGTH = /^\d{1,15}$/;

/** Those fields as they are met, each at most once. */
export interface Framing {
  host: string | undefined;
  length: string | undefined;
  coding: string | undefined;
  expect: string | undefined;
  drop: readonly string[];
}

export const noFraming = (): Framing => ({
  host: undefined,
  length: undefined,
  coding: undefined,
  expect: undefined,
  drop: NONE,
});

const is = (name: string, lower: string): boolean => name === lower || name.toLowerCase() === lower;

/** Notes a field that matters here. Dispatches on the name's length: most names end there. */
export const note = (framing: Framing, name: string, value: string): ScreenProblem | undefined => {
  switch (name.length) {
    case 4:
      if (!is(name, "host")) return undefined;
      if (framing.host !== undefined) return malformed("more than one Host field");
      framing.host = value;
      return undefined;
    case 6:
      if (is(name, "expect")) framing.expect = value;
      return undefined;
    case 10:
      if (is(name, "connection")) {
        const names = nominatedBy(value);
        if (names.length > 0) framing.drop = [...framing.drop, ...names];
      }
      return undefined;
    case 14:
      if (!is(name, "content-length")) return undefined;
      if (framing.length !== undefined) return malformed("more than one Content-Length field");
      framing.length = value;
      return undefined;
    case 17:
      if (!is(name, "transfer-encoding")) return undefined;
      if (framing.coding !== undefined) return malformed("more than one Transfer-Encoding field");
      framing.coding = value;
      return undefined;
    default:
      return undefined;
  }
};

/** RFC 9112 §6.1, §6.3: one reading of where the content ends, or none at all. */
export const checkFraming = (
  framing: Framing,
  httpVersion: string | undefined,
): ScreenProblem | undefined => {
  const { coding, length } = framing;
  if (coding !== undefined) {
    if (length !== undefined) return malformed("both Content-Length and Transfer-Encoding");
    if (coding.toLowerCase() !== "chunked") return malformed("Transfer-Encoding other than chunked");
    // Of the versions that there are, one has it (RFC 9112 §6.1); parsers take `HTTP/0.9` and `HTTP/2.0` for it too.
    if (httpVersion !== undefined && httpVersion !== "1.1") {
      return malformed(`Transfer-Encoding in HTTP/${httpVersion}`);
    }
  }
  if (length !== undefined && !LENGTH.test(length)) return malformed("malformed Content-Length");
  return undefined;
};

/** `Content-Length`; undefined where there is none, or none that could be believed. */
export const declaredLength = (pairs: HeaderPairs): number | undefined => {
  const length = firstValue(pairs, "content-length");
  return length !== undefined && LENGTH.test(length) ? Number(length) : undefined;
};

/** Whether a request has content by its framing (RFC 9112 §6.3). A length of zero is none. */
export const declaresContent = (pairs: HeaderPairs): boolean => {
  const length = firstValue(pairs, "content-length");
  if (length !== undefined) return length !== "0" && Number(length) !== 0;
  return firstValue(pairs, "transfer-encoding") !== undefined;
};

/** RFC 9110 §10.1.1. */
export const checkExpect = (framing: Framing): ScreenProblem | undefined => {
  if (framing.expect === undefined) return undefined;
  if (framing.expect.toLowerCase() !== "100-continue") {
    return problem("expectation-failed", "Expect other than 100-continue");
  }
  // This proxy's server answers 100 itself (RFC 9110 §10.1.1), so the upstream is asked without it.
  framing.drop = [...framing.drop, "expect"];
  return undefined;
};
