import { describe, expect, it } from "vitest";
import { decodedBodyEdits, isContentless } from "../../../src/http/body.ts";
import { editPairs } from "../../../src/http/header-edits.ts";
import { mediaTypeTest } from "../../../src/http/media-type.ts";

describe("isContentless", () => {
  it.each([
    ["HEAD", 200, true],
    ["GET", 100, true],
    ["GET", 199, true],
    ["GET", 204, true],
    ["GET", 205, true],
    ["GET", 304, true],
    ["GET", 200, false],
    ["POST", 404, false],
  ])("%s %i: %s", (method, status, expected) => {
    expect(isContentless(method, status)).toBe(expected);
  });
});

describe("decodedBodyEdits", () => {
  const encoded = [
    "Content-Encoding",
    "gzip",
    "Content-Length",
    "12",
    "Repr-Digest",
    "x",
    "Vary",
    "accept-encoding",
  ];

  it("takes out what described the encoded bytes and weakens a strong tag", () => {
    expect(editPairs([...encoded, "ETag", '"a"'], decodedBodyEdits('"a"'))).toEqual([
      "Vary",
      "accept-encoding",
      "etag",
      'W/"a"',
    ]);
  });

  it("keeps a weak tag, and invents none", () => {
    expect(editPairs([...encoded, "ETag", 'W/"a"'], decodedBodyEdits('W/"a"'))).toEqual([
      "Vary",
      "accept-encoding",
      "ETag",
      'W/"a"',
    ]);
    expect(editPairs(encoded, decodedBodyEdits(null))).toEqual(["Vary", "accept-encoding"]);
  });
});

describe("mediaTypeTest", () => {
  it.each([
    [["application/json"], "Application/JSON; charset=utf-8", true],
    [["application/json"], "application/jsonp", false],
    [["text/*"], "text/csv", true],
    [["text/*"], "texture/csv", false],
    [["*/*"], undefined, true],
    [["application/json"], undefined, false],
    [["application/octet-stream"], undefined, true],
    [["text/*"], "", false],
    [["text/*"], "text", false],
    [[], "text/plain", false],
  ])("%j takes %j: %s", (accepted, contentType, expected) => {
    expect(mediaTypeTest(accepted)(contentType)).toBe(expected);
  });
});
