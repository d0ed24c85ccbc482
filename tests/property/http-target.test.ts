import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normaliseTarget } from "../../src/http/target.ts";

/** Pieces that meet in odd ways, and any bytes at all. */
const piece = fc.oneof(
  fc.constantFrom(
    "/",
    "//",
    ".",
    "..",
    "/.",
    "/..",
    "%2e",
    "%2E",
    "%2f",
    "%5c",
    "%25",
    "%",
    "?",
    "#",
    ";",
    "\\",
  ),
  fc.constantFrom(
    "a",
    "B",
    "%41",
    "%7e",
    "%e9",
    "%C3%A9",
    "%zz",
    "%3f",
    "%23",
    "{",
    "|",
    "^",
    "é",
    " ",
    "\n",
    "@",
    ":",
    "[",
    "'",
  ),
  fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  fc.integer({ min: 0, max: 255 }).map((code) => `%${code.toString(16).padStart(2, "0")}`),
);
const harmless = fc.constantFrom(
  "/",
  "/",
  "a",
  "B1",
  ".",
  "/.",
  "/..",
  "%2e",
  "%2E",
  "%41",
  "%7e",
  "%e9",
  "%C3%A9",
  "%2f",
  "%2F",
  "@",
  "?",
);
const anyTarget = fc
  .oneof(fc.array(harmless, { maxLength: 14 }), fc.array(fc.oneof(harmless, piece), { maxLength: 6 }))
  .map((pieces) => `/${pieces.join("")}`);
const anything = fc.oneof(anyTarget, fc.string(), fc.webUrl(), fc.webPath());

/** Bytes that a path stands for, segment by segment. */
const meaning = (path: string): readonly string[] =>
  path
    .split("/")
    .map((segment) =>
      segment.replace(/%[0-9a-f]{2}/gi, (escape) =>
        String.fromCharCode(Number.parseInt(escape.slice(1), 16)),
      ),
    );

/** RFC 3986 §5.2.4 to the letter, on a path whose dots are not escaped. */
const removeDotSegments = (path: string): string => {
  let input = path;
  let output = "";
  const cut = (): void => {
    output = output.slice(0, Math.max(0, output.lastIndexOf("/")));
  };
  while (input !== "") {
    if (input.startsWith("/./")) input = input.slice(2);
    else if (input === "/.") input = "/";
    else if (input.startsWith("/../")) {
      input = input.slice(3);
      cut();
    } else if (input === "/..") {
      input = "/";
      cut();
    } else {
      const end = input.indexOf("/", 1);
      const segment = end === -1 ? input : input.slice(0, end);
      output += segment;
      input = input.slice(segment.length);
    }
  }
  return output;
};

describe("normaliseTarget", () => {
  it("never throws, and is either refused with a reason or in one piece", () => {
    fc.assert(
      fc.property(anything, (raw) => {
        const result = normaliseTarget(raw);
        const sound = result.ok
          ? result.target === result.path + result.query && /^(?:\?.*)?$/s.test(result.query)
          : result.reason !== "";
        expect(sound).toBe(true);
      }),
    );
  });

  it("is idempotent", () => {
    fc.assert(
      fc.property(anything, (raw) => {
        const once = normaliseTarget(raw);
        expect(once.ok ? normaliseTarget(once.target) : once).toEqual(once);
      }),
    );
  });

  it("gives targets that hold nothing ambiguous", () => {
    fc.assert(
      fc.property(anyTarget, (raw) => {
        const result = normaliseTarget(raw);
        if (!result.ok) return;
        expect(result.target).toMatch(/^\/[\x21-\x7e]*$/);
        expect(result.target.startsWith("//")).toBe(false);
        expect(result.path).not.toMatch(
          /(?:\/|%2f)\.{1,2}(?:[/;]|%2f|%3b|$)|%2e|%5c|%00|%25[0-9a-f]{2}|[\\#?]/i,
        );
        expect(result.encodedSlash).toBe(/%2f/i.test(result.path));
        const escapes = (result.path.match(/%../g) ?? []).filter((escape) => escape !== "%2f");
        expect(escapes).toEqual(escapes.map((escape) => escape.toUpperCase()));
      }),
    );
  });

  it("gives paths that a URL parser leaves as they are", () => {
    fc.assert(
      fc.property(anyTarget, (raw) => {
        const result = normaliseTarget(raw);
        if (!result.ok) return;
        const url = new URL(result.target, "http://proxy.example");
        expect(url.host).toBe("proxy.example");
        expect(url.pathname).toBe(result.path);
      }),
    );
  });

  it("never changes what the path means", () => {
    fc.assert(
      fc.property(anyTarget, (raw) => {
        const result = normaliseTarget(raw);
        if (!result.ok) return;
        const path = raw.split("?")[0] ?? "";
        expect(meaning(result.path)).toEqual(meaning(removeDotSegments(path.replace(/%2e/gi, "."))));
      }),
    );
  });

  it("never adds, takes away or moves a slash, encoded or not, but for dot segments", () => {
    const slashes = (path: string): readonly string[] => path.match(/\/|%2f/gi) ?? [];
    fc.assert(
      fc.property(anyTarget, (raw) => {
        const path = raw.split("?")[0] ?? "";
        const result = normaliseTarget(raw);
        if (!result.ok || /\/(?:\.|%2e)/i.test(path)) return;
        expect(slashes(result.path)).toEqual(slashes(path));
      }),
    );
  });

  it("refuses whatever is not ASCII, in path and query", () => {
    const foreign = fc.string({ unit: "binary", minLength: 1, maxLength: 1 }).filter((it) => it > "\u007f");
    fc.assert(
      fc.property(anyTarget, foreign, anyTarget, (before, character, after) => {
        expect(normaliseTarget(before + character + after)).toMatchObject({ ok: false });
      }),
    );
  });

  it("never touches a query", () => {
    fc.assert(
      fc.property(anyTarget, (raw) => {
        const result = normaliseTarget(raw);
        if (!result.ok) return;
        const start = raw.indexOf("?");
        const query = start === -1 ? "" : raw.slice(start);
        expect(result.query).toBe(query);
      }),
    );
  });

  it("lets every path of a parsed URL through unless it is ambiguous", () => {
    fc.assert(
      fc.property(fc.webPath(), fc.webQueryParameters(), (path, query) => {
        const url = new URL(`http://h${path}?${query}`);
        const ambiguous =
          /%(?:[01][0-9a-f]|7f|5c|25[0-9a-f]{2})|%(?![0-9a-f]{2})|^\/\/|\/\.{1,2};|\.%2f|%2f\./i.test(
            url.pathname,
          );
        const result = normaliseTarget(url.pathname + url.search);
        expect(result.ok || ambiguous).toBe(true);
      }),
    );
  });
});
