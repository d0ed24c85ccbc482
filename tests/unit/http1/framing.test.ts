import { describe, expect, it } from "vitest";
import { newFieldNotes, noteField } from "../../../src/http/field-notes.ts";
import { type BodyLength, requestBodyLength, responseBodyLength } from "../../../src/http1/body-length.ts";
import { persists } from "../../../src/http1/persistence.ts";

const notesOf = (...pairs: readonly string[]): ReturnType<typeof newFieldNotes> => {
  const notes = newFieldNotes();
  for (let i = 0; i < pairs.length; i += 2) noteField(notes, pairs[i] as string, pairs[i + 1] as string);
  return notes;
};

const NEITHER = notesOf();
const SIZED = notesOf("Content-Length", "5");
const CHUNKED = notesOf("Transfer-Encoding", "chunked");

describe("a request's content", () => {
  it.each([
    ["neither field", NEITHER, "none"],
    ["a length", SIZED, 5],
    ["a length of 0", notesOf("Content-Length", "0"), 0],
    ["chunked", CHUNKED, "chunked"],
  ])("follows from %s", (_, notes, length) => {
    expect(requestBodyLength(notes)).toBe(length);
  });
});

describe("a response's content", () => {
  it.each([
    ["GET", 200, SIZED, 5],
    ["GET", 200, CHUNKED, "chunked"],
    ["GET", 200, NEITHER, "close"],
    ["GET", 205, NEITHER, "close"],
    ["GET", 205, notesOf("Content-Length", "0"), 0],
    ["GET", 404, SIZED, 5],
    ["HEAD", 200, SIZED, "none"],
    ["HEAD", 200, CHUNKED, "none"],
    ["HEAD", 200, NEITHER, "none"],
    ["head", 200, SIZED, 5],
    ["GET", 100, NEITHER, "none"],
    ["GET", 101, NEITHER, "none"],
    ["GET", 103, SIZED, "none"],
    ["GET", 204, SIZED, "none"],
    ["GET", 304, SIZED, "none"],
    ["GET", 304, CHUNKED, "none"],
    ["CONNECT", 200, CHUNKED, "none"],
    ["CONNECT", 299, NEITHER, "none"],
    ["CONNECT", 403, SIZED, 5],
    ["CONNECT", 407, NEITHER, "close"],
  ])("of %s answered %i: %#", (method, status, notes, length) => {
    expect(responseBodyLength(method, status, notes)).toBe(length);
  });
});

describe("a connection", () => {
  const CLOSE = notesOf("Connection", "close");
  const KEEP = notesOf("Connection", "keep-alive");
  const BOTH = notesOf("Connection", "keep-alive, close");

  it.each([
    ["1.1", NEITHER, 5, true],
    ["1.1", NEITHER, "none", true],
    ["1.1", NEITHER, "chunked", true],
    ["1.1", KEEP, 0, true],
    ["1.1", CLOSE, 0, false],
    ["1.1", BOTH, 0, false],
    ["1.1", NEITHER, "close", false],
    ["1.1", KEEP, "close", false],
    ["1.0", NEITHER, 5, false],
    ["1.0", KEEP, 5, true],
    ["1.0", KEEP, "none", true],
    ["1.0", KEEP, "close", false],
    ["1.0", BOTH, 5, false],
    ["1.0", CLOSE, 5, false],
  ] as const)(
    "behind a message in HTTP/%s, case %#, persists as RFC 9112 §9.3 says",
    (version, notes, length, kept) => {
      expect(persists(version, notes, length satisfies BodyLength)).toBe(kept);
    },
  );
});
