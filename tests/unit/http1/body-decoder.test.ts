import { describe, expect, it } from "vitest";
import { bodyDecoder } from "../../../src/http1/body-decoder.ts";
import { refuse } from "../../../src/http1/refusal.ts";
import { LIMITS, bytesOf, cut, readBody } from "../../support/http1-wire.ts";

describe("content with a length", () => {
  it.each([
    ["in one piece", [], "abcdef", "rest"],
    ["in pieces", [1, 4], "abcdef", "rest"],
    ["with a piece that ends where it does", [6], "abcdef", "rest"],
  ])("is read %s up to it", (_, at, data, rest) => {
    expect(readBody(6, cut(bytesOf("abcdefrest"), at))).toMatchObject({ data, rest, done: true });
  });

  it("is handed on without a copy", () => {
    const bytes = bytesOf("abc");
    const decoder = bodyDecoder(6, refuse, LIMITS);
    decoder.push(bytes, 0);
    expect(decoder.data).toBe(bytes);
    expect(decoder.done).toBe(false);
  });

  it.each([0, "none"] as const)("of %s is complete at once", (length) => {
    const decoder = bodyDecoder(length, refuse, LIMITS);
    expect(decoder.done).toBe(true);
    expect(decoder.end()).toBeUndefined();
  });

  it("is incomplete if the connection ends before", () => {
    const decoder = bodyDecoder(4, refuse, LIMITS);
    decoder.push(bytesOf("abc"), 0);
    expect(decoder.end()).toMatchObject({ status: 400, code: "bad-request" });
    expect(decoder.refusal?.detail).toContain("before Content-Length bytes");
  });
});

describe("content up to the connection's end", () => {
  it("is all there is, and complete then only", () => {
    const decoder = bodyDecoder("close", refuse, LIMITS);
    const bytes = bytesOf("head: abc");
    expect(decoder.push(bytes, 6)).toBe(9);
    expect(decoder.data).toEqual(bytesOf("abc"));
    expect(decoder.done).toBe(false);
    expect(decoder.end()).toBeUndefined();
    expect(decoder.done).toBe(true);
    expect(decoder.data.length).toBe(0);
  });
});
