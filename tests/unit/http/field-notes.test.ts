import { describe, expect, it } from "vitest";
import { FieldKind, fieldKind, isHopByHop } from "../../../src/http/field-kind.ts";
import {
  type FieldNotes,
  checkFraming,
  newFieldNotes,
  noteField,
  settleNominated,
} from "../../../src/http/field-notes.ts";
import { HOP_BY_HOP } from "../../../src/http/headers.ts";

/** Notes of these fields; throws what the first wrong one is told. */
const notesOf = (...pairs: readonly string[]): FieldNotes => {
  const notes = newFieldNotes();
  for (let i = 0; i < pairs.length; i += 2) {
    const problem = noteField(notes, pairs[i] as string, pairs[i + 1] as string);
    if (problem !== undefined) throw new Error(problem.detail);
  }
  settleNominated(notes, pairs);
  return notes;
};

describe("field notes", () => {
  it.each([
    [["Host", "a"], { host: "a" }],
    [["hOsT", ""], { host: "" }],
    [["Content-Length", "012"], { contentLength: 12 }],
    [["Transfer-Encoding", "CHUNKED"], { chunked: true }],
    [["Expect", "100-continue"], { expect: "100-continue" }],
    [["Expect", "a", "expect", "b"], { expect: "a, b" }],
    [["Connection", "close"], { close: true, keepAlive: false }],
    [["Connection", "Keep-Alive"], { keepAlive: true }],
    [["Connection", "keep-alive"], { keepAlive: true }],
    [["Connection", " KEEP-ALIVE ,\tClose,, "], { keepAlive: true, close: true }],
    [["Connection", "x-close, close-x"], { close: false }],
    [["Connection", "Upgrade", "Upgrade", "WebSocket"], { connectionUpgrade: true, upgrade: "WebSocket" }],
    [["Upgrade", "a", "Upgrade", "b"], { upgrade: "a, b", connectionUpgrade: false }],
    [["TE", "gzip;q=0.5, Trailers"], { acceptsTrailers: true }],
    [["TE", "trailers", "TE", "gzip"], { acceptsTrailers: true }],
    [["TE", "notrailers"], { acceptsTrailers: false }],
    [["Max-Forwards", "3"], { maxForwards: "3" }],
    [["Max-Forwards", "3", "max-forwards", "0"], { maxForwards: "3, 0" }],
    [["Keep-Alive", "timeout=5, max=100"], { keepAliveTimeout: 5 }],
    [["Keep-Alive", 'max=1;TIMEOUT = "7"'], { keepAliveTimeout: 7 }],
    [["Keep-Alive", "xtimeout=5"], { keepAliveTimeout: undefined }],
    [["X_A", "1", "b_", "2", "C", "3"], { underscored: ["x_a", "b_"] }],
    [["ab", "cd", "e", ""], { bytes: 5 }],
  ])("of %j hold %j", (pairs, expected) => {
    expect(notesOf(...pairs)).toMatchObject(expected);
  });

  it.each([
    [["Host", "a", "host", "a"], "more than one Host"],
    [["Content-Length", "1", "Content-Length", "1"], "more than one Content-Length"],
    [["Content-Length", "1, 1"], "malformed Content-Length"],
    [["Content-Length", ""], "malformed Content-Length"],
    [["Transfer-Encoding", "gzip"], "other than chunked"],
    [["Transfer-Encoding", "chunked", "Transfer-Encoding", "chunked"], "more than one Transfer-Encoding"],
    [["A B", "c"], "not a token"],
    [["", "c"], "not a token"],
    [["\u0130", "c"], "not a token"],
  ])("of %j are refused", (pairs, detail) => {
    expect(() => notesOf(...pairs)).toThrow(detail);
  });

  it.each([
    [["Content-Length", "1"], "1.0", "sound"],
    [["Transfer-Encoding", "chunked"], "1.1", "sound"],
    [["Transfer-Encoding", "chunked"], undefined, "sound"],
    [["Transfer-Encoding", "chunked"], "1.0", "Transfer-Encoding in HTTP/1.0"],
    [["Transfer-Encoding", "chunked", "Content-Length", "1"], "1.1", "both"],
  ])("of %j in version %s leave one reading of the framing, or are refused", (pairs, version, detail) => {
    expect(checkFraming(notesOf(...pairs), version)?.detail ?? "sound").toContain(detail);
  });

  describe("on nominated fields", () => {
    it.each([
      [["Connection", "X-A", "x-a", "1", "X-B", "2"], ["x-a"]],
      [["x-a", "1", "X-A", "2", "Connection", "x-a"], ["x-a"]],
      [
        ["Connection", "x-a", "Connection", "close, X-B", "x-a", "1", "x-b", "2"],
        ["x-a", "x-b"],
      ],
      [["Connection", "x-absent, close"], []],
      [["Connection", "Cookie, Authorization, Host", "Cookie", "a", "Authorization", "b", "Host", "c"], []],
      [["Connection", "content-type, x-forwarded-for", "Content-Type", "a", "X-Forwarded-For", "b"], []],
    ])("of %j name %j", (pairs, nominated) => {
      expect(notesOf(...pairs).nominated).toEqual(nominated);
    });

    it("are as few as the message's fields, however many options there are", () => {
      const options = Array.from({ length: 14_000 }, (_, i) => i.toString(36)).join(",");
      const many = Array.from({ length: 300 }, () => ["Connection", "a,b"]).flat();
      expect(notesOf("Connection", options, "a", "1", "zz", "2").nominated).toEqual(["a", "zz"]);
      expect(notesOf(...many, "b", "1").nominated).toEqual(["b"]);
    });
  });
});

describe("field kinds", () => {
  it("are hop-by-hop for the names in HOP_BY_HOP, in any case, and no others", () => {
    const names = [
      ...HOP_BY_HOP,
      "host",
      "content-length",
      "expect",
      "max-forwards",
      "cookie",
      "tf",
      "keep_alive",
    ];
    for (const name of names) {
      expect([name, isHopByHop(fieldKind(name))]).toEqual([name, HOP_BY_HOP.has(name)]);
      expect(fieldKind(name.toUpperCase())).toBe(fieldKind(name));
    }
  });

  it.each(["t", "tee", "hos", "hosts", "content_length", "connectios", "keep-alivf", "upgrades", "2e"])(
    "of %j is none that matters",
    (name) => {
      expect(fieldKind(name)).toBe(FieldKind.ordinary);
    },
  );
});
