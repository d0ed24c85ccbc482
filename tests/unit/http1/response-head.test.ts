import { describe, expect, it } from "vitest";
import { isRefusal } from "../../../src/http1/refusal.ts";
import type { ResponseHead } from "../../../src/http1/response-head.ts";
import { LIMITS, readResponse } from "../../support/http1-wire.ts";

/** A 200 with these field lines, each with its line break. */
const ok = (lines: string): string => `HTTP/1.1 200 OK\r\n${lines}\r\n`;

const headOf = (text: string): ResponseHead => {
  const result = readResponse(text);
  if (isRefusal(result)) throw new Error(result.detail);
  return result;
};

const refusalOf = (text: string): string => {
  const result = readResponse(text);
  return isRefusal(result) ? `${result.status} ${result.code}: ${result.detail}` : "accepted";
};

describe("response head", () => {
  it("is read with names, order and bytes above 0x7f as sent", () => {
    expect(headOf("HTTP/1.1 404 N\xf6t\tFound\r\nx-A: 1\r\nX-a: caf\xe9\r\nx-Empty:\r\n\r\n")).toMatchObject({
      status: 404,
      reason: "N\xf6t\tFound",
      version: "1.1",
      fields: ["x-A", "1", "X-a", "caf\xe9", "x-Empty", ""],
    });
  });

  it.each([
    ["no space behind the status", "HTTP/1.1 200\r\n\r\n", ""],
    ["nothing behind the space", "HTTP/1.1 200 \r\n\r\n", ""],
    ["spaces in the reason", "HTTP/1.1 200  All  fine \r\n\r\n", " All  fine "],
    ["version 1.0", "HTTP/1.0 599 x\r\n\r\n", "x"],
  ])("with %s has a reason", (_, text, reason) => {
    expect(headOf(text).reason).toBe(reason);
  });

  it.each([
    ["a space in front of a colon", ok("A : b\r\n"), ["A", "b"]],
    ["white space in front of a colon", ok("A \t : b\r\n"), ["A", "b"]],
    ["a folded value", ok("A: b\r\n  \tc\r\nD: e\r\n"), ["A", "b c", "D", "e"]],
    ["a value folded twice", ok("A: b\r\n c\r\n d\r\n"), ["A", "b c d"]],
    ["a fold behind an empty value", ok("A:\r\n b\r\n"), ["A", "b"]],
    ["a fold with nothing behind", ok("A: b\r\n \r\n"), ["A", "b"]],
    ["a fold of a framing field", ok("Content-Length:\r\n 3\r\nA: b\r\n"), ["A", "b"]],
  ])("tolerates %s", (_, text, fields) => {
    expect(headOf(text).fields).toEqual(fields);
  });

  it("leaves out hop-by-hop fields, those that Connection names, and Content-Length", () => {
    const { fields, notes } = headOf(
      ok(
        "Connection: X-Hop, close, Set-Cookie, X-Absent\r\nKeep-Alive: timeout=5\r\nProxy-Connection: close\r\n" +
          "x-hop: 1\r\nTE: a\r\nTrailer: b\r\nUpgrade: h2c\r\nProxy-Authenticate: Basic\r\n" +
          "Proxy-Authentication-Info: a\r\nProxy-Authorization: a\r\nHTTP2-Settings: a\r\nContent-Length: 3\r\n" +
          "Set-Cookie: a=b\r\nHost: h\r\nExpect: e\r\nMax-Forwards: 3\r\n",
      ),
    );
    expect(fields).toEqual(["Set-Cookie", "a=b", "Host", "h", "Expect", "e", "Max-Forwards", "3"]);
    expect(notes).toMatchObject({
      close: true,
      contentLength: 3,
      keepAliveTimeout: 5,
      nominated: ["x-hop"],
      upgrade: "h2c",
    });
  });

  it.each([
    ["in two fields", "Content-Length: 3\r\nContent-Length: 3\r\n"],
    ["in a list", "Content-Length: 3, 3\r\n"],
    ["in both", "Content-Length: 3,3\r\ncontent-length: 3\r\n"],
    ["in another spelling", "Content-Length: 3 ,\t03\r\n"],
  ])("takes the same length %s for one", (_, lines) => {
    expect(headOf(ok(lines)).notes.contentLength).toBe(3);
  });

  it.each([
    ["differing lengths", ok("Content-Length: 3\r\nContent-Length: 4\r\n"), "that differ"],
    ["differing lengths in a list", ok("Content-Length: 3, 4\r\n"), "that differ"],
    ["a list of lengths that ends in a comma", ok("Content-Length: 3,\r\n"), "malformed Content-Length"],
    ["a list with an odd space", ok("Content-Length: 3,\xa03\r\n"), "malformed Content-Length"],
    ["a malformed length", ok("Content-Length: 3x\r\n"), "malformed Content-Length"],
    ["a folded list of lengths", ok("Content-Length: 3\r\n 4\r\n"), "malformed Content-Length"],
    ["another coding", ok("Transfer-Encoding: gzip, chunked\r\n"), "other than chunked"],
    ["identity", ok("Transfer-Encoding: identity\r\n"), "other than chunked"],
    ["length and coding", ok("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"), "both"],
    [
      "a coding in HTTP/1.0",
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
      "Transfer-Encoding in HTTP/1.0",
    ],
    ["a bare LF", "HTTP/1.1 200 OK\nA: b\r\n\r\n", "bare LF"],
    ["a bare CR", ok("A: b\rc\r\n"), "bare CR"],
    ["a NUL", ok("A: \0\r\n"), "NUL"],
    ["a control character in the reason", "HTTP/1.1 200 \x01\r\n\r\n", "control character"],
    ["an empty name", ok(": b\r\n"), "not a token"],
    ["a name of white space", ok("A: b\r\n: c\r\n"), "not a token"],
    ["a line without a colon", ok("A\r\n"), "without a colon"],
    ["a line without a colon that ends in a space", ok("A \r\n"), "without a colon"],
    ["a name above 0x7f", ok("\xe9: b\r\n"), "not a token"],
    ["a folded status line", "HTTP/1.1 200 OK\r\n all right\r\n\r\n", "obs-fold"],
    ["an empty line in front", `\r\n${ok("")}`, "status line"],
    ["no status line", "\r\n\r\n", "status line"],
    ["a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", "status line"],
    ["a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", "status line"],
    ["a status below 100", "HTTP/1.1 099 OK\r\n\r\n", "status line"],
    ["a status above 599", "HTTP/1.1 600 OK\r\n\r\n", "status line"],
    ["a status of letters", "HTTP/1.1 2O0 OK\r\n\r\n", "status line"],
    ["two spaces before the status", "HTTP/1.1  200 OK\r\n\r\n", "status line"],
    ["a tab before the status", "HTTP/1.1\t200 OK\r\n\r\n", "status line"],
    ["a version in lower case", "http/1.1 200 OK\r\n\r\n", "status line"],
    ["version 2", "HTTP/2 200\r\n\r\n", "status line"],
    ["version 1.2", "HTTP/1.2 200 OK\r\n\r\n", "status line"],
    ["another protocol", "ICY 200 OK\r\n\r\n", "status line"],
    ["the status alone", "HTTP/1.1\r\n\r\n", "status line"],
    ["too many fields", ok("A: b\r\n".repeat(LIMITS.headers + 1)), "too many"],
    ["too large a section", ok(`A: ${"b".repeat(LIMITS.headerBytes)}\r\n`), "too large"],
    ["far too large a section", ok(`A: ${"b".repeat(9000)}\r\n`), "too large"],
  ])("with %s is refused as the upstream's fault", (_, text, detail) => {
    const refusal = refusalOf(text);
    expect(refusal).toMatch(/^502 bad-upstream-response: /);
    expect(refusal).toContain(detail);
  });
});
