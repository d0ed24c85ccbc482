import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFieldName } from "../../src/http/headers.ts";
import { screen } from "../../src/http/screen.ts";
import { requestHead } from "../support/head.ts";

const POLICY = { headerBytes: 4096, headers: 30, targetBytes: 1024, underscores: "drop" } as const;

const name = fc.oneof(
  fc.constantFrom(
    "host",
    "Host",
    "content-length",
    "Content-Length",
    "transfer-encoding",
    "Transfer-Encoding",
  ),
  fc.constantFrom("connection", "expect", "x-a", "x_a", "Transfer_Encoding", "Content-Length ", "", "é"),
);
const value = fc.oneof(
  fc.constantFrom(
    "a.example",
    "b.example",
    "5",
    "05",
    "5,5",
    "chunked",
    "Chunked",
    "gzip",
    "x-a",
    "100-continue",
    "",
  ),
  fc.string({ maxLength: 6 }),
);
const pairs = fc.array(fc.tuple(name, value), { maxLength: 6 }).map((fields) => fields.flat());
const target = fc.constantFrom("/", "/a", "*", "http://a.example/", "http://b.example/x", "//a", "a", "/%2f");

const valuesOf = (fields: readonly string[], wanted: string): readonly string[] =>
  fields.filter((_, i) => i % 2 === 1 && (fields[i - 1] ?? "").toLowerCase() === wanted);

describe("screen", () => {
  it("lets nothing through on which two servers could disagree", () => {
    fc.assert(
      fc.property(pairs, target, fc.constantFrom("GET", "POST", "OPTIONS"), (fields, asked, method) => {
        const given = [...fields, "Host", "a.example"];
        const result = screen(requestHead({ method, target: asked }, given), POLICY);
        if ("code" in result) return;
        expect(valuesOf(given, "host")).toEqual(["a.example"]);
        expect(asked).not.toContain("b.example");
        const lengths = valuesOf(given, "content-length");
        const codings = valuesOf(given, "transfer-encoding");
        expect(lengths.length + codings.length).toBeLessThanOrEqual(1);
        expect(lengths.every((text) => /^\d+$/.test(text))).toBe(true);
        expect(codings.every((text) => text.toLowerCase() === "chunked")).toBe(true);
        for (let i = 0; i < given.length; i += 2) {
          const field = given[i] ?? "";
          expect(isFieldName(field)).toBe(true);
          expect(!field.includes("_") || result.drop.includes(field.toLowerCase())).toBe(true);
        }
        expect(result.drop).not.toContain("host");
        expect(result.drop).not.toContain("content-length");
      }),
      { numRuns: 1000 },
    );
  });

  it("never throws on any head", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.array(fc.string(), { maxLength: 8 }),
        (method, asked, list) => {
          const even = list.length % 2 === 0 ? list : list.slice(1);
          const result = screen(requestHead({ method, scheme: "https", target: asked }, even), POLICY);
          expect("code" in result || result.path !== "").toBe(true);
        },
      ),
    );
  });
});
