/** The trailer section behind the last chunk (RFC 9112 §7.1.2, RFC 9110 §6.5). */
import { isFieldName } from "../http/headers.ts";
import { controlRule, isControlByte } from "./characters.ts";

export interface TrailerLimits {
  /** Bytes of all names and values. */
  readonly headerBytes: number;
  /** Number of fields. */
  readonly headers: number;
}

/**
 * Fields that mean something before the content is read: framing, routing, request modifiers, authentication,
 * how content is to be taken, and how a response is to be kept (RFC 9110 §6.5.1). They are left out, with all
 * that are hop-by-hop: whoever merges trailers into the header section would believe them.
 */
const FORBIDDEN: ReadonlySet<string> = new Set([
  "age",
  "authorization",
  "cache-control",
  "connection",
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "cookie",
  "date",
  "expect",
  "expires",
  "forwarded",
  "host",
  "http2-settings",
  "keep-alive",
  "location",
  "max-forwards",
  "origin",
  "pragma",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "range",
  "retry-after",
  "set-cookie",
  "strict-transport-security",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "vary",
  "via",
  "www-authenticate",
  "x-real-ip",
  "x-request-id",
]);

const FORBIDDEN_GROUP = /^(?:if-|access-control-|x-forwarded-)/;

/** Whether a field with this lower-case name may be sent behind the content. */
export const mayTrail = (name: string): boolean =>
  !FORBIDDEN.has(name) && !FORBIDDEN_GROUP.test(name) && !name.includes("_");

const CR = 13;
const LF = 10;

/** What went wrong in a trailer section. */
export interface TrailerProblem {
  readonly code: "bad-request" | "header-too-large";
  readonly detail: string;
}

const bad = (detail: string): TrailerProblem => ({ code: "bad-request", detail });

/** Reads a trailer section byte by byte: few messages have one, and it is short. */
export class TrailerSection {
  /** Name, value, …: those that may be passed on. */
  readonly fields: string[] = [];
  readonly #limits: TrailerLimits;
  #line = "";
  #sawCr = false;
  #bytes = 0;
  #count = 0;

  constructor(limits: TrailerLimits) {
    this.#limits = limits;
  }

  /** Takes a byte. Returns true at the section's end, undefined inside it. */
  push(byte: number): true | TrailerProblem | undefined {
    if (this.#sawCr) {
      if (byte !== LF) return bad(controlRule(CR));
      this.#sawCr = false;
      return this.#line === "" ? true : this.#field();
    }
    if (byte === CR) {
      this.#sawCr = true;
      return undefined;
    }
    if (isControlByte(byte)) return bad(controlRule(byte));
    if (++this.#bytes > this.#limits.headerBytes + this.#limits.headers * 2) {
      return { code: "header-too-large", detail: "trailer section too large" };
    }
    this.#line += String.fromCharCode(byte);
    return undefined;
  }

  #field(): TrailerProblem | undefined {
    const colon = this.#line.indexOf(":");
    const name = this.#line.slice(0, Math.max(0, colon));
    if (!isFieldName(name)) return bad("trailer field name is not a token (RFC 9110 §5.1)");
    if (++this.#count > this.#limits.headers) {
      return { code: "header-too-large", detail: "too many trailer fields" };
    }
    const value = this.#line.slice(colon + 1).replace(/^[\t ]+|(?<![\t ])[\t ]+$/g, "");
    if (mayTrail(name.toLowerCase())) this.fields.push(name, value);
    this.#line = "";
    return undefined;
  }
}
