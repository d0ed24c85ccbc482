/** The `Forwarded` field (RFC 7239) as data. */
import { urlHost } from "./url-host.ts";

/** One hop. Values are unquoted. */
export interface ForwardedElement {
  /** Who asked: an address (IPv6 in brackets), with port or not, `unknown`, or `_` and a pseudonym. */
  readonly for?: string | undefined;
  /** Where it was received, in the same form. */
  readonly by?: string | undefined;
  /** `Host` as the hop received it. */
  readonly host?: string | undefined;
  /** Scheme the hop was asked by. */
  readonly proto?: string | undefined;
}

const PARAMETERS: readonly (keyof ForwardedElement)[] = ["for", "by", "host", "proto"];

/** Bare IPv6 and ports are let through unquoted, since real hops send them so. */
const PARAMETER =
  /^[ \t]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(?:([!#$%&'*+\-.^_`|~0-9A-Za-z:[\]]+)|"((?:[^"\\]|\\.)*)")[ \t]*(?:;|$)/;

const parseElement = (text: string): ForwardedElement | undefined => {
  const seen = new Map<string, string>();
  let rest = text;
  while (rest.trim() !== "") {
    const match = PARAMETER.exec(rest);
    if (match === null) return undefined;
    const name = (match[1] as string).toLowerCase();
    // At most once an element (RFC 7239 §4).
    if (seen.has(name)) return undefined;
    seen.set(name, match[2] ?? (match[3] as string).replace(/\\(.)/g, "$1"));
    rest = rest.slice(match[0].length);
  }
  return { for: seen.get("for"), by: seen.get("by"), host: seen.get("host"), proto: seen.get("proto") };
};

/**
 * Reads a `Forwarded` value; several fields are joined by commas first. Unknown parameters are ignored.
 *
 * Split at every comma, quoted or not: none of the known parameters can hold one, and so a quote that a client
 * opened and never closed spoils its own element only, not those that hops behind it appended.
 *
 * @returns the elements in order, leftmost nearest to the client; undefined for one that can't be read.
 */
export const parseForwarded = (value: string): readonly (ForwardedElement | undefined)[] =>
  value
    .split(",")
    .filter((text) => text.trim() !== "") // empty list elements don't count (RFC 9110 §5.6.1)
    .map(parseElement);

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

const quote = (value: string): string =>
  TOKEN.test(value) ? value : `"${value.replace(/["\\]/g, (char) => `\\${char}`)}"`;

/** Writes one element, quoted where it must be; "" when nothing is given. */
export const serialiseElement = (element: ForwardedElement): string => {
  let text = "";
  for (const name of PARAMETERS) {
    const value = element[name];
    if (value !== undefined && value !== "") text += `${text === "" ? "" : ";"}${name}=${quote(value)}`;
  }
  return text;
};

/** An address as `for` and `by` want it: IPv6 in brackets, `unknown` when there is none (RFC 7239 §6). */
export const forwardedNode = (address: string): string => (address === "" ? "unknown" : urlHost(address));
