/** Whatever a client sends, what is made of it can be sent on. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ProxyError } from "../../src/core/errors.ts";
import { isFieldValue } from "../../src/http/headers.ts";
import { normaliseTarget } from "../../src/http/target.ts";
import { compileHeaderEdits } from "../../src/routing/header-template.ts";
import { compileRedirect } from "../../src/routing/redirect.ts";
import { compileRewrite } from "../../src/routing/rewrite.ts";
import { joinTarget } from "../../src/upstream/forward.ts";
import { TEMPLATE_VARIABLES, type TemplateScope, compileTemplate } from "../../src/routing/template.ts";

const variables = TEMPLATE_VARIABLES.map((name) => `\${${name.replace("NAME", "v")}}`);

/** Any text, and texts that have broken proxies. */
const hostile = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.stringMatching(/^[./\\;%?#& \r\n\0a-e2f0é€-]{0,8}$/u),
  fc.constantFrom(
    "..",
    ".",
    "//evil.example",
    "\\evil",
    "a\r\nb: c",
    "%2e%2e",
    "%252e",
    "..;",
    "\ud800",
    "%",
  ),
);

const byteText = hostile.map((text) => text.replaceAll(/[^\0-\u00ff]/gu, "é"));

/** Scopes as the gateway makes them: screened target and host, everything else as the client likes. */
const scope: fc.Arbitrary<TemplateScope> = fc
  .record({
    target: fc.tuple(fc.array(byteText, { maxLength: 3 }), byteText, byteText),
    method: fc.constantFrom("GET", "M-SEARCH", "!#$%&'*+.^_`|~"),
    header: hostile,
    requestId: hostile,
    host: fc.constantFrom("", "a.example", "a.example:8080", "[::1]:80"),
  })
  .map(({ target: [segments, query, cookie], header, ...rest }) => {
    const raw = `/${segments.join("/")}?v=${encodeURIComponent(query.toWellFormed())}&${query}`;
    const screened = normaliseTarget(raw);
    const { path, query: asked } = screened.ok ? screened : { path: "/a/b", query: "?v=%0d%0a" };
    return {
      ...rest,
      clientAddress: "192.0.2.1",
      clientIdentity: { status: "none" },
      scheme: "https",
      path,
      query: asked,
      params: { v: path.split("/")[1] ?? "" },
      header: (name) => (name === "cookie" ? `v=${cookie}` : header),
    };
  });

const literal = fc.oneof(
  fc.stringMatching(/^[a-z/.?&= éß#%-]{0,4}$/u),
  fc.constantFrom("/", "?", "$", "$${"),
);
const text = fc
  .array(fc.oneof(literal, fc.constantFrom(...variables)), { maxLength: 6 })
  .map((parts) => parts.join(""));

const match = { hosts: undefined, methods: undefined, headers: [], query: [], cookies: [] };

/** What `make` makes, undefined where it refuses as it may. */
const unlessRefused = <T>(make: () => T, refusal: new (...args: never[]) => Error): T | undefined => {
  try {
    return make();
  } catch (error) {
    if (error instanceof refusal) return undefined;
    throw error;
  }
};

/** No other reading: what is sent is what `normaliseTarget` leaves alone. Nothing made is nothing sent. */
const isValidTarget = (target: string | undefined): boolean => {
  if (target === undefined) return true;
  const normal = normaliseTarget(target);
  return /^\/(?!\/)[\u0021-\u007e]*$/.test(target) && normal.ok && normal.target === target;
};

/** The same behind an endpoint's base path, as it is sent: empty segments may come first, or nothing. */
const isValidRest = (target: string | undefined): boolean =>
  target === undefined || isValidTarget(joinTarget("/base", target));

const hostOf = (location: string): string => new URL(location, "http://old.example").host;

describe("templates", () => {
  test("render whatever the request holds", () => {
    fc.assert(
      fc.property(text, scope, (template, asked) => {
        const compiled = unlessRefused(() => compileTemplate(template), TypeError);
        expect(typeof (compiled?.render(asked) ?? "")).toBe("string");
      }),
    );
  });

  test("of headers make valid field values", () => {
    fc.assert(
      fc.property(text, scope, (template, asked) => {
        const config = { set: { x: template }, append: { y: [template] }, remove: [] };
        const edits = unlessRefused(() => compileHeaderEdits(config), TypeError);
        const [, set, , append] = edits?.render(asked).add ?? [];
        expect(isFieldValue(set ?? "") && isFieldValue(append ?? "")).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("rewrites", () => {
  const path = text.map((it) => `/${it}`);
  const matchPath = fc.constantFrom(undefined, { kind: "prefix", value: "/a" } as const);

  test("of the whole path make valid targets", () => {
    fc.assert(
      fc.property(path, scope, (template, asked) => {
        const rewrite = { stripPrefix: false, prefix: undefined, path: template };
        const compiled = unlessRefused(
          () => compileRewrite(rewrite, { ...match, path: undefined }),
          TypeError,
        );
        const made = compiled && unlessRefused(() => compiled(asked.path, asked.query, asked), ProxyError);
        expect(isValidTarget(made)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  test("of the prefix make valid targets", () => {
    fc.assert(
      fc.property(fc.option(path, { nil: undefined }), matchPath, scope, (prefix, on, asked) => {
        const rewrite = { stripPrefix: prefix === undefined, prefix, path: undefined };
        const compiled = unlessRefused(() => compileRewrite(rewrite, { ...match, path: on }), TypeError);
        const from = on === undefined ? asked.path : `/a${asked.path}`;
        const made = compiled && unlessRefused(() => compiled(from, asked.query, asked), ProxyError);
        expect(isValidRest(made)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("redirects", () => {
  test("lead to the configured host, whatever the request holds", () => {
    const location = { status: 302, scheme: "https", port: undefined, prefix: undefined } as const;
    fc.assert(
      fc.property(text, scope, (template, asked) => {
        const config = { ...location, host: "new.example", path: `/${template}` };
        const compiled = unlessRefused(
          () => compileRedirect(config, { ...match, path: undefined }),
          TypeError,
        );
        const made = compiled && unlessRefused(() => compiled(asked), ProxyError);
        const start = "https://new.example/";
        expect(made === undefined ? start : made.slice(0, start.length)).toBe(start);
        expect(isValidTarget(made?.slice(start.length - 1))).toBe(true);
        expect(made === undefined ? "new.example" : hostOf(made)).toBe("new.example");
      }),
      { numRuns: 2000 },
    );
  });

  test("without a host stay where they are", () => {
    const location = { status: 302, scheme: undefined, host: undefined, port: undefined, prefix: undefined };
    fc.assert(
      fc.property(text, scope, (template, asked) => {
        const config = { ...location, path: `/${template}` };
        const compiled = unlessRefused(
          () => compileRedirect(config, { ...match, path: undefined }),
          TypeError,
        );
        const made = compiled && unlessRefused(() => compiled(asked), ProxyError);
        expect(made === undefined ? "old.example" : hostOf(made)).toBe("old.example");
      }),
      { numRuns: 2000 },
    );
  });
});
