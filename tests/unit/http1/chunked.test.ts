import { describe, expect, it } from "vitest";
import { bodyDecoder } from "../../../src/http1/body-decoder.ts";
import { refuse, refuseResponse } from "../../../src/http1/refusal.ts";
import { LIMITS, bytesOf, cut, readBody } from "../../support/http1-wire.ts";

const decode = (text: string): ReturnType<typeof readBody> => readBody("chunked", [bytesOf(text)]);

const chunk = (data: string, extension = ""): string =>
  `${data.length.toString(16)}${extension}\r\n${data}\r\n`;

const END = "0\r\n\r\n";

describe("chunked content", () => {
  it.each([
    ["nothing", END, "", ""],
    ["one chunk", chunk("abc") + END, "abc", ""],
    ["several chunks", chunk("abc") + chunk("d".repeat(40)) + chunk("e") + END, `abc${"d".repeat(40)}e`, ""],
    ["a size in upper case", `A\r\n0123456789\r\n${END}`, "0123456789", ""],
    ["a size in lower case", `a\r\n0123456789\r\n${END}`, "0123456789", ""],
    ["a size with zeros in front", `0000000003\r\nabc\r\n${END}`, "abc", ""],
    ["a last chunk of several zeros", `${chunk("a")}000\r\n\r\n`, "a", ""],
    ["CRLF in the data", chunk("\r\n0\r\n\r\n") + END, "\r\n0\r\n\r\n", ""],
    ["all bytes", chunk("\0\x7f\xff") + END, "\0\x7f\xff", ""],
    ["another message behind", `${chunk("a")}${END}GET /`, "a", "GET /"],
  ])("of %s is decoded", (_, text, data, rest) => {
    expect(decode(text)).toEqual({ data, done: true, detail: undefined, trailers: [], rest });
  });

  it.each([
    ";a",
    ";a=b",
    ';a="b;\\"c\r"'.replace("\r", "\t"),
    ";a;b=c;d",
    " ;a",
    "\t; a = b ;c",
    ';a=""',
    "; a",
  ])("with the extension %j is decoded", (extension) => {
    expect(decode(chunk("abc", extension) + END)).toMatchObject({ data: "abc", done: true });
    expect(decode(`0${extension}\r\n\r\n`)).toMatchObject({ data: "", done: true });
  });

  it.each([
    ["no size", "\r\nabc\r\n", "without a size"],
    ["a size that is no number", "x\r\n", "not hexadecimal"],
    ["a prefixed size", "0x3\r\nabc\r\n", "malformed chunk size"],
    ["a signed size", "+3\r\nabc\r\n", "not hexadecimal"],
    ["a negative size", "-3\r\nabc\r\n", "not hexadecimal"],
    ["a space in front of the size", " 3\r\nabc\r\n", "not hexadecimal"],
    ["a space behind the size", "3 \r\nabc\r\n", "malformed chunk extension"],
    ["a size with an underscore", "1_0\r\n", "malformed chunk size"],
    ["a size of 2^53", "20000000000000\r\n", "too large"],
    ["a size of 2^64", "10000000000000000\r\n", "too large"],
    ["a bare LF behind the size", "3\nabc\r\n", "bare LF"],
    ["a bare CR behind the size", "3\rabc\r\n", "bare CR"],
    ["a bare LF behind the last size", "0\n\n", "bare LF"],
    ["a bare LF in an extension", "3;a\nabc\r\n", "bare LF"],
    ["a NUL in an extension", '3;a="\0"\r\n', "NUL"],
    ["an empty extension", "3;\r\nabc\r\n", "malformed chunk extension"],
    ["an extension without a name", "3;=a\r\nabc\r\n", "malformed chunk size or extension"],
    ["an extension without its value", "3;a=\r\nabc\r\n", "malformed chunk extension"],
    ["an open quotation", '3;a="b\r\nabc\r\n', "malformed chunk extension"],
    ["something behind a quotation", '3;a="b"c\r\n', "malformed chunk size or extension"],
    ["an extension without a semicolon", "3 a\r\nabc\r\n", "malformed chunk size or extension"],
    ["a comma in an extension", "3;a,b\r\n", "malformed chunk size or extension"],
    ["more data than its size", "3\r\nabcd\r\n", "longer than its size"],
    ["less data than its size", "3\r\nab\r\n0\r\n\r\n", "longer than its size"],
    ["a bare LF behind the data", "3\r\nabc\n0\r\n\r\n", "longer than its size"],
    ["a bare CR behind the data", "3\r\nabc\rd", "bare CR"],
    ["a bare CR and a last chunk behind the data", "3\r\nabc\rX0\r\n\r\n", "bare CR"],
    ["a line over 4 KiB", `3;${"a".repeat(5000)}\r\n`, "too long"],
    ["a size of 5000 zeros", `${"0".repeat(5000)}\r\n\r\n`, "too long"],
    ["long extensions of tiny chunks", chunk("a", `;b=${"c".repeat(1000)}`).repeat(20), "too many bytes"],
    ["a bare LF in the trailers", "0\r\nA: b\n\r\n", "bare LF"],
    ["a bare CR in the trailers", "0\r\nA: b\rc\r\n\r\n", "bare CR"],
    ["a bare CR at the end", "0\r\n\rx", "bare CR"],
    ["a NUL in a trailer", "0\r\nA: \0\r\n\r\n", "NUL"],
    ["a trailer without a colon", "0\r\nA\r\n\r\n", "not a token"],
    ["a trailer with a space in its name", "0\r\nA : b\r\n\r\n", "not a token"],
    ["a folded trailer", "0\r\nA: b\r\n c\r\n\r\n", "not a token"],
    ["too many trailers", `0\r\n${"A: b\r\n".repeat(LIMITS.headers + 1)}\r\n`, "too many trailer"],
    ["too large trailers", `0\r\nA: ${"b".repeat(LIMITS.headerBytes * 2)}\r\n\r\n`, "too large"],
  ])("with %s is refused", (_, text, detail) => {
    const outcome = decode(text);
    expect(outcome).toMatchObject({ done: false, detail: expect.stringContaining(detail) as string });
  });

  it("keeps extensions that come with enough content", () => {
    const signed = chunk("a".repeat(4096), `;chunk-signature=${"f".repeat(64)}`).repeat(500);
    expect(decode(signed + END).data.length).toBe(500 * 4096);
  });

  it("passes trailers on, but for those that mean something before the content", () => {
    const { trailers } = decode(
      "0\r\nX-Sum: 1\r\nContent-Length: 5\r\nTRANSFER-ENCODING: chunked\r\nHost: a\r\nSet-Cookie: a=b\r\n" +
        "Authorization: a\r\nConnection: close\r\nIf-Match: a\r\nX-Forwarded-For: a\r\nX_Sum: 2\r\n" +
        "Access-Control-Allow-Origin: *\r\ngrpc-status:0\r\nServer-Timing: \ta \r\n\r\n",
    );
    expect(trailers).toEqual(["X-Sum", "1", "grpc-status", "0", "Server-Timing", "a"]);
  });

  it("comes out as one piece a read, whatever its chunks", () => {
    const bytes = bytesOf(chunk("a").repeat(500) + chunk("b".repeat(100)).repeat(3) + END);
    const decoder = bodyDecoder("chunked", refuse, LIMITS);
    expect(decoder.push(bytes, 0)).toBe(bytes.length);
    expect(decoder.data.buffer).toBe(bytes.buffer);
    expect(decoder.data).toEqual(bytesOf("a".repeat(500) + "b".repeat(300)));
  });

  it("leaves bytes in front of and behind the content as they are", () => {
    const bytes = bytesOf(`head${chunk("a").repeat(3)}${END}GET /`);
    const decoder = bodyDecoder("chunked", refuse, LIMITS);
    const end = decoder.push(bytes, 4);
    expect(decoder.data).toEqual(bytesOf("aaa"));
    expect([bytes.slice(0, 4), bytes.slice(end)]).toEqual([bytesOf("head"), bytesOf("GET /")]);
  });

  it.each([
    `${chunk("abc")}${chunk("d", ';e="f g";h')}0\r\nA: b\r\nHost: c\r\n\r\nrest`,
    `${chunk("\r\n".repeat(8))}00;a\r\n\r\n`,
    `${chunk("abc")}3\r\nabcd`,
    `${chunk("abc")}\r\n`,
    "0\r\nA: b\n\r\n",
    "1;a=\r\n",
  ])("comes to the same in any two pieces and byte by byte: %j", (text) => {
    const whole = decode(text);
    for (let at = 1; at < text.length; at++) {
      expect(readBody("chunked", cut(bytesOf(text), [at]))).toEqual(whole);
    }
    expect(readBody("chunked", cut(bytesOf(text), [...bytesOf(text).keys()]))).toEqual(whole);
  });

  it.each(["", "3\r\n", "3\r\nabc", "3\r\nabc\r\n", "0\r\n", "0\r\nA: b\r\n"])(
    "that ends behind %j is incomplete",
    (text) => {
      const decoder = bodyDecoder("chunked", refuseResponse, LIMITS);
      decoder.push(bytesOf(text), 0);
      expect(decoder.end()).toMatchObject({
        status: 502,
        detail: "connection ended inside chunked content (RFC 9112 §8)",
      });
      expect(decoder.done).toBe(false);
    },
  );

  it("that is complete stays so when the connection ends", () => {
    const decoder = bodyDecoder("chunked", refuse, LIMITS);
    decoder.push(bytesOf(END), 0);
    expect(decoder.end()).toBeUndefined();
    expect(decoder.done).toBe(true);
  });
});
