/** Which requests are let in. */
import type { RequestHead } from "../core/arrival.ts";
import { type ErrorCode, ProxyError } from "../core/errors.ts";
import { firstValue } from "../http/headers.ts";
import { NO_HOST, matchHost } from "../http/host-matcher.ts";
import { mediaTypeTest } from "../http/media-type.ts";
import { type ScreenPolicy, type Screened, screen } from "../http/screen.ts";

export interface ValidationRules extends ScreenPolicy {
  /** Methods that are let through, HEAD wherever GET is; undefined is all but CONNECT and TRACE. */
  readonly methods: readonly string[] | undefined;
  /** Hosts that are served (exact or `*.example.com`); undefined is any. */
  readonly hosts: readonly string[] | undefined;
  /** Media types accepted in request bodies (`application/json`, `text/*`); undefined is any. */
  readonly contentTypes: readonly string[] | undefined;
}

/** Says what a head means, or why the request goes no further. */
export type ValidationPolicy = (head: RequestHead) => Screened | ProxyError;

/** Value of `Allow` where every ordinary method is let through. */
export const ORDINARY_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/** HEAD is GET without the content, and whoever has the one may have the other (RFC 9110 §9.3.2). */
const withHead = (methods: readonly string[]): readonly string[] =>
  methods.includes("HEAD")
    ? methods
    : methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));

const methodTest = (methods: readonly string[] | undefined): ((method: string) => boolean) => {
  if (methods === undefined) return (method) => method !== "CONNECT" && method !== "TRACE";
  const allowed = new Set(methods);
  return (method) => allowed.has(method);
};

const fail = (code: ErrorCode, detail: string): ProxyError => new ProxyError(code, { detail });

const hasContent = ({ notes }: RequestHead): boolean => notes.chunked || (notes.contentLength ?? 0) > 0;

export const validationPolicy = (rules: ValidationRules): ValidationPolicy => {
  const { hosts, contentTypes } = rules;
  const methods = rules.methods && withHead(rules.methods);
  const methodAllowed = methodTest(methods);
  const allow = methods?.join(", ") ?? ORDINARY_METHODS;
  const typeAccepted = contentTypes && mediaTypeTest(contentTypes);
  return (head) => {
    if (head.refusal !== undefined) return fail(head.refusal.code, head.refusal.detail);
    if (!methodAllowed(head.method)) {
      const detail = `method ${head.method} is not allowed (validation.methods)`;
      return new ProxyError("method-not-allowed", { detail, headers: { allow } });
    }
    const screened = screen(head, rules);
    if ("code" in screened) return fail(screened.code, screened.detail);
    if (hosts !== undefined && matchHost(hosts, screened.host) === NO_HOST) {
      return fail("host-not-allowed", `host ${screened.host} is not served here (validation.hosts)`);
    }
    if (typeAccepted !== undefined && hasContent(head)) {
      const type = firstValue(head.fields, "content-type");
      if (!typeAccepted(type)) return fail("unsupported-media-type", `content type ${type ?? "missing"}`);
    }
    return screened;
  };
};
