import { describe, expect, it } from "vitest";
import { isRefusal } from "../../../src/http1/refusal.ts";
import { LIMITS, readRequest } from "../../support/http1-wire.ts";

const HOST = "Host: a.example\r\n";

/** A GET with these field lines, each with its line break. */
const get = (lines: string): string => `GET / HTTP/1.1\r\n${lines}\r\n`;

const refusalOf = (text: string): string => {
  const result = readRequest(text);
  return isRefusal(result) ? `${result.status} ${result.code}: ${result.detail}` : "accepted";
};

const fieldsOf = (text: string): readonly string[] => {
  const result = readRequest(text);
  return isRefusal(result) ? [result.detail] : result.fields;
};

describe("request head", () => {
  it("keeps names, their order and bytes above 0x7f as sent", () => {
    const head = readRequest(
      "POST /a?b=\xe9 HTTP/1.1\r\nhOST: a.example\r\nX-Caf\x65: caf\xe9 \xff\r\nx-a:1\r\nX-A:\t 2 \t\r\nX-Empty:\r\n\r\n",
    );
    expect(head).toMatchObject({
      method: "POST",
      target: "/a?b=\xe9",
      version: "1.1",
      fields: ["hOST", "a.example", "X-Cafe", "caf\xe9 \xff", "x-a", "1", "X-A", "2", "X-Empty", ""],
    });
  });

  it.each([
    ["no field", "GET / HTTP/1.0\r\n\r\n", []],
    ["an unknown method", "VERSION-CONTROL / HTTP/1.1\r\n\r\n", []],
    ["a method in lower case", "get / HTTP/1.1\r\n\r\n", []],
    ["one empty line in front", `\r\n${get("A: b\r\n")}`, ["A", "b"]],
    ["a value with a colon, a tab and spaces inside", get("A: b:c\td  e\r\n"), ["A", "b:c\td  e"]],
    ["a value of white space", get("A: \t \r\n"), ["A", ""]],
    ["a name of all token characters", get("!#$%&'*+-.^_`|~0aZ: b\r\n"), ["!#$%&'*+-.^_`|~0aZ", "b"]],
    ["chunked in any case", get("Transfer-Encoding: Chunked\r\n"), ["Transfer-Encoding", "Chunked"]],
    ["the length 0", get("Content-Length: 0\r\n"), ["Content-Length", "0"]],
  ])("with %s is accepted", (_, text, fields) => {
    expect(fieldsOf(text)).toEqual(fields);
  });

  it.each([
    ["a bare LF at a line's end", "GET / HTTP/1.1\nA: b\r\n\r\n", "bare LF"],
    ["a bare LF in a value", get("A: b\nC: d\r\n"), "bare LF"],
    ["a bare CR in a value", get("A: b\rC: d\r\n"), "bare CR"],
    ["a bare CR at a line's end", get("A: b\r\r\n"), "bare CR"],
    ["a bare CR in front of the end", "GET / HTTP/1.1\r\n\rX\r\n\r\n", "bare CR"],
    ["a NUL in a value", get("A: b\0\r\n"), "NUL"],
    ["a NUL in a name", get("A\0: b\r\n"), "NUL"],
    ["a NUL in the target", "GET /\0 HTTP/1.1\r\n\r\n", "NUL"],
    ["an escape character in a value", get("A: \x1b\r\n"), "control character"],
    ["a DEL in a value", get("A: \x7f\r\n"), "control character"],
    ["a vertical tab around a value", get("A: \x0bb\r\n"), "control character"],
    ["a folded value", get("A: b\r\n c\r\n"), "obs-fold"],
    ["a value folded by a tab", get("A: b\r\n\tc\r\n"), "obs-fold"],
    ["white space in front of the first field", get(" A: b\r\n"), "white space before a field"],
    ["a space in front of a colon", get("A : b\r\n"), "white space between field name and colon"],
    ["a tab in front of a colon", get("A\t: b\r\n"), "white space between field name and colon"],
    ["an empty name", get(": b\r\n"), "not a token"],
    ["a line without a colon", get("A\r\n"), "without a colon"],
    ["a space in a name", get("A B: c\r\n"), "not a token"],
    ["a name above 0x7f", get("\xe9: b\r\n"), "not a token"],
    ["brackets in a name", get("A(): b\r\n"), "not a token"],
    ["two empty lines in front", `\r\n\r\n${get("")}`, "no request line"],
    ["no request line", "\r\n\r\n", "no request line"],
    ["no target", "GET HTTP/1.1\r\n\r\n", "request line"],
    ["an empty target", "GET  HTTP/1.1\r\n\r\n", "request line"],
    ["no method", " / HTTP/1.1\r\n\r\n", "method is not a token"],
    ["a method that is no token", "G(T / HTTP/1.1\r\n\r\n", "method is not a token"],
    ["a method above 0x7f", "G\xc9T / HTTP/1.1\r\n\r\n", "method is not a token"],
    ["a tab behind the method", "GET\t/ HTTP/1.1\r\n\r\n", "method is not a token"],
    ["two spaces behind the method", "GET  / HTTP/1.1\r\n\r\n", "request line"],
    ["two spaces before the version", "GET /  HTTP/1.1\r\n\r\n", "request line"],
    ["a space in the target", "GET /a b HTTP/1.1\r\n\r\n", "request line"],
    ["a tab in the target", "GET /a\tb HTTP/1.1\r\n\r\n", "request line"],
    ["a space at the line's end", "GET / HTTP/1.1 \r\n\r\n", "version"],
    ["no version", "GET /\r\n\r\n", "version"],
    ["a version in lower case", "GET / http/1.1\r\n\r\n", "version"],
    ["a version of one digit", "GET / HTTP/1\r\n\r\n", "version"],
    ["a version of two digits", "GET / HTTP/1.10\r\n\r\n", "version"],
    ["another protocol's version", "GET / ICAP/1.1\r\n\r\n", "version"],
    ["a method alone", "GET\r\n\r\n", "method is not a token"],
    ["two Host fields", get(`${HOST}${HOST}`), "more than one Host"],
    ["two equal lengths", get("Content-Length: 3\r\nContent-Length: 3\r\n"), "more than one Content-Length"],
    ["a list of lengths", get("Content-Length: 3, 3\r\n"), "malformed Content-Length"],
    ["a negative length", get("Content-Length: -1\r\n"), "malformed Content-Length"],
    ["a signed length", get("Content-Length: +1\r\n"), "malformed Content-Length"],
    ["a hexadecimal length", get("Content-Length: 0x1\r\n"), "malformed Content-Length"],
    ["an empty length", get("Content-Length:\r\n"), "malformed Content-Length"],
    ["a length beyond 2^53", get(`Content-Length: ${"9".repeat(16)}\r\n`), "malformed Content-Length"],
    ["a length with a space inside", get("Content-Length: 1 1\r\n"), "malformed Content-Length"],
    ["another coding", get("Transfer-Encoding: gzip\r\n"), "Transfer-Encoding other than chunked"],
    ["a coding before chunked", get("Transfer-Encoding: gzip, chunked\r\n"), "other than chunked"],
    ["a coding behind chunked", get("Transfer-Encoding: chunked, identity\r\n"), "other than chunked"],
    ["chunked twice", get("Transfer-Encoding: chunked, chunked\r\n"), "other than chunked"],
    ["an empty coding", get("Transfer-Encoding:\r\n"), "other than chunked"],
    ["a coding with a parameter", get("Transfer-Encoding: chunked;a\r\n"), "other than chunked"],
    ["a misspelt coding", get("Transfer-Encoding: xchunked\r\n"), "other than chunked"],
    [
      "two Transfer-Encoding fields",
      get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
      "more than one Transfer-Encoding",
    ],
    [
      "length and coding",
      get("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"),
      "both Content-Length and Transfer-Encoding",
    ],
    [
      "coding and length",
      get("TRANSFER-ENCODING: chunked\r\ncontent-length: 3\r\n"),
      "both Content-Length and Transfer-Encoding",
    ],
    [
      "a coding in HTTP/1.0",
      "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
      "Transfer-Encoding in HTTP/1.0",
    ],
  ])("with %s is refused with 400", (_, text, detail) => {
    const refusal = refusalOf(text);
    expect(refusal).toMatch(/^400 bad-request: /);
    expect(refusal).toContain(detail);
  });

  it.each(["HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/3.0", "HTTP/9.9"])(
    "in version %s is refused with 505",
    (version) => {
      expect(refusalOf(`GET / ${version}\r\n\r\n`)).toMatch(/^505 version-not-supported: /);
    },
  );

  describe("limits", () => {
    const fields = (count: number): string => "A: b\r\n".repeat(count);

    it.each([
      ["as many fields", get(fields(LIMITS.headers)), "accepted"],
      ["one field more", get(fields(LIMITS.headers + 1)), "431 header-too-large: too many"],
      ["many fields more", get(fields(LIMITS.headers + 9)), "431 header-too-large: too many"],
      ["as many bytes", get(`A: ${"b".repeat(LIMITS.headerBytes - 1)}\r\n`), "accepted"],
      [
        "one byte more",
        get(`A: ${"b".repeat(LIMITS.headerBytes)}\r\n`),
        "431 header-too-large: header section",
      ],
      ["as long a target", `GET /${"a".repeat(LIMITS.targetBytes - 1)} HTTP/1.1\r\n\r\n`, "accepted"],
      ["a longer target", `GET /${"a".repeat(LIMITS.targetBytes)} HTTP/1.1\r\n\r\n`, "414 target-too-long"],
      ["a much longer target", `GET /${"a".repeat(9000)} HTTP/1.1\r\n\r\n`, "414 target-too-long"],
      ["many bytes more", get(`A: ${"b".repeat(9000)}\r\n`), "431 header-too-large: header section"],
    ])("%s: %#", (_, text, verdict) => {
      expect(refusalOf(text)).toContain(verdict);
    });
  });
});
