import { describe, expect, it } from "vitest";
import { HeadReader } from "../../../src/http1/head-reader.ts";
import type { Refusal } from "../../../src/http1/refusal.ts";
import type { RequestHead } from "../../../src/http1/request-head.ts";
import { LIMITS, REQUESTS, RESPONSES, bytesOf, cut, readHead } from "../../support/http1-wire.ts";

/** Read as requests and as responses, so that each is refused in some way too. */
const HEADS: readonly string[] = [
  "GET / HTTP/1.1\r\n\r\n",
  "\r\nGET /a?b HTTP/1.1\r\nHost: a.example\r\nAccept:\t*/* \r\n\r\nrest",
  "POST /x HTTP/1.0\r\nContent-Length: 3\r\nX: caf\xe9\r\n\r\nabcGET / HTTP/1.1\r\n\r\n",
  "GET / HTTP/1.1\r\n\r\n\r\n\r\n",
  "GET / HTTP/1.1\nHost: a\n\n",
  "GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n",
  "GET / HTTP/1.1\r\nA: b\r\rC: d\r\n\r\n",
  "GET / HTTP/1.1\r\nA: b\r\n\rC: d\r\n\r\n",
  "GET / HTTP/1.1\r\nA: \0\r\n\r\n",
  "GET / HTTP/1.1\r\nA : b\r\n\r\n",
  "G\x01T / HTTP/1.1\nA: b\r\n\r\n",
  "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
  "\r\n\r\nGET / HTTP/1.1\r\n\r\n",
  "GET / HTTP/2.0\r\n\r\n",
  `GET /${"a".repeat(150)} HTTP/1.1\r\n\r\n`,
  `GET / HTTP/1.1\r\n${"A: b\r\n".repeat(20)}\r\n`,
  `GET / HTTP/1.1\r\nA: ${"b".repeat(900)}\r\n\r\n`,
  `GET /${"a".repeat(900)}`,
  `GET /${"a".repeat(690)}\0`,
  "HTTP/1.1 200 OK\r\nA : b\r\n c\r\n\r\nbody",
  "HTTP/1.1 200\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
];

describe.each([
  ["requests", REQUESTS],
  ["responses", RESPONSES],
] as const)("reader of %s", (_, format) => {
  it.each(HEADS)("gives the same for every split in two of %.40j", (text) => {
    const whole = readHead(format as typeof REQUESTS, [bytesOf(text)]);
    for (let at = 1; at < text.length; at++) {
      expect(readHead(format as typeof REQUESTS, cut(bytesOf(text), [at]))).toEqual(whole);
    }
  });

  it.each(HEADS)("gives the same byte by byte for %.40j", (text) => {
    const whole = readHead(format as typeof REQUESTS, [bytesOf(text)]);
    const single = cut(bytesOf(text), [...bytesOf(text).keys()]);
    expect(readHead(format as typeof REQUESTS, single)).toEqual(whole);
  });
});

describe("head reader", () => {
  const push = (reader: HeadReader<RequestHead>, text: string, from = 0): RequestHead | Refusal | undefined =>
    reader.push(bytesOf(text), from);

  it.each([
    ["GET / HTTP/1.1\r\nA: b\n", "bare LF"],
    ["GET / HTTP/1.1\n", "bare LF"],
    ["GET / HTTP/1.1\r\n\n", "bare LF"],
    ["GET / HTTP/1.1\r\nA: b\0", "NUL"],
    ["GET / HTTP/1.1\r\nA: b\rc", "bare CR"],
    ["\n", "bare LF"],
    ["\x16\x03\x01", "control character"],
  ])("refuses %j without waiting for the end", (text, detail) => {
    expect(push(new HeadReader(REQUESTS), text)).toMatchObject({
      status: 400,
      detail: expect.stringContaining(detail) as string,
    });
  });

  it("refuses a line more than the limits allow without waiting for the end, however it is cut", () => {
    const text = `GET / HTTP/1.1\r\n${"A: b\r\n".repeat(LIMITS.headers + 3)}`;
    const whole = push(new HeadReader(REQUESTS), text);
    expect(whole).toMatchObject({
      status: 431,
      detail: expect.stringContaining("too many header fields") as string,
    });
    const bytewise = new HeadReader(REQUESTS);
    const results = Array.from(text, (character) => push(bytewise, character));
    expect(results.find((result) => result !== undefined)).toEqual(whole);
  });

  describe("at the limit", () => {
    const field = (size: number): string => `A: ${"b".repeat(size - 1)}\r\n`;
    const fieldBytes = LIMITS.headerBytes / LIMITS.headers;
    /** As large as all limits together allow, less its method. */
    const rest = ` /${"a".repeat(LIMITS.targetBytes - 1)} HTTP/1.1\r\n${field(fieldBytes).repeat(LIMITS.headers)}\r\n`;
    const longest = "M".repeat(REQUESTS.scan.limitBytes + 4 - rest.length);

    it.each([
      ["takes a head of as many bytes", longest, { method: longest }],
      ["refuses a head of one byte more", `${longest}M`, { status: 431 }],
    ])("%s, in any two pieces too", (_, method, expected) => {
      const bytes = bytesOf(method + rest);
      const whole = readHead(REQUESTS, [bytes]);
      expect(whole === undefined || "refusal" in whole ? whole?.refusal : whole.head).toMatchObject(expected);
      for (let at = 1; at < bytes.length; at += 7) {
        expect(readHead(REQUESTS, cut(bytes, [at]))).toEqual(whole);
      }
    });

    it("refuses a head of more bytes behind one with the same fields", () => {
      const reader = new HeadReader(REQUESTS);
      expect(push(reader, `GET${rest}`)).toMatchObject({ method: "GET" });
      expect(push(reader, `${longest}M${rest}`)).toMatchObject({ status: 431 });
    });
  });

  it("reads the same behind an empty line again and again", () => {
    const reader = new HeadReader(REQUESTS);
    const head = "\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n";
    for (let i = 0; i < 3; i++) expect(push(reader, head)).toMatchObject({ target: "/a" });
  });

  it("takes no request line for a field because it stood behind an empty line before", () => {
    const reader = new HeadReader(REQUESTS);
    push(reader, "\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(push(reader, "POST /x HTTP/1.1\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n")).toMatchObject({
      status: 400,
    });
  });

  it("says of empty lines alone that there is no request line, behind a head without fields too", () => {
    const reader = new HeadReader(REQUESTS);
    push(reader, "GET /a HTTP/1.1\r\n\r\n");
    expect(push(reader, "\r\n\r\nGET /a HTTP/1.1\r\n\r\n")).toMatchObject({
      status: 400,
      detail: expect.stringContaining("no request line") as string,
    });
  });

  it("refuses what grows over the limit as soon as it does", () => {
    const reader = new HeadReader(REQUESTS);
    const piece = bytesOf("a".repeat(64));
    const pushes = 1 + Math.ceil((REQUESTS.scan.limitBytes + 4) / piece.length);
    let result = push(reader, "GET /");
    let count = 1;
    for (; result === undefined; count++) result = reader.push(piece, 0);
    expect(result).toMatchObject({ status: 414 });
    expect(count).toBeLessThanOrEqual(pushes);
  });

  it("takes heads one behind the other out of the same bytes", () => {
    const reader = new HeadReader(REQUESTS);
    const bytes = bytesOf("GET /1 HTTP/1.1\r\nA: b\r\n\r\nGET /2 HTTP/1.1\r\nA: b\r\n\r\nGET /3 HT");
    expect(reader.push(bytes, 0)).toMatchObject({ target: "/1", fields: ["A", "b"] });
    expect(reader.push(bytes, reader.end)).toMatchObject({ target: "/2", fields: ["A", "b"] });
    expect(reader.push(bytes, reader.end)).toBeUndefined();
    expect(reader.isInside).toBe(true);
    expect(push(reader, "TP/1.1\r\n\r\nmore")).toMatchObject({ target: "/3", fields: [] });
    expect(reader.end).toBe(10);
    expect(reader.isInside).toBe(false);
  });

  it("is not inside a head before its first byte", () => {
    const reader = new HeadReader(REQUESTS);
    expect(push(reader, "")).toBeUndefined();
    expect(push(reader, "abc", 3)).toBeUndefined();
    expect(reader.isInside).toBe(false);
  });

  it("keeps heads of two connections apart that share a format", () => {
    const [one, two] = [new HeadReader(REQUESTS), new HeadReader(REQUESTS)];
    push(one, "GET /one HTTP/1.1\r\nA: b\r\n");
    push(two, "POST /two HTTP/1.1\r\nLonger-Name: c\r\n");
    expect(push(one, "\r\n")).toMatchObject({ target: "/one", fields: ["A", "b"] });
    expect(push(two, "D: e\r\n\r\n")).toMatchObject({ fields: ["Longer-Name", "c", "D", "e"] });
  });

  it("reads bytes that are a part of a larger buffer", () => {
    const buffer = new Uint8Array(100).fill(10);
    buffer.set(bytesOf("GET / HTTP/1.1\r\nA: b\r\n\r\n"), 33);
    expect(new HeadReader(REQUESTS).push(buffer.subarray(33, 57), 0)).toMatchObject({ fields: ["A", "b"] });
  });

  describe("behind a head with the same fields", () => {
    const FIELDS = "Host: a\r\nCookie: b=c\r\n\r\n";
    const after = (...heads: string[]): readonly (RequestHead | Refusal | undefined)[] => {
      const reader = new HeadReader(REQUESTS);
      return heads.map((head) => push(reader, head));
    };

    it("hands the same fields out, with the new first line", () => {
      const [first, second] = after(`GET /1 HTTP/1.1\r\n${FIELDS}`, `POST /2 HTTP/1.1\r\n${FIELDS}rest`);
      expect(second).toEqual({ ...first, method: "POST", target: "/2" });
      expect((second as RequestHead).fields).toBe((first as RequestHead).fields);
    });

    it("stops behind the head", () => {
      const reader = new HeadReader(REQUESTS);
      push(reader, `GET /1 HTTP/1.1\r\n${FIELDS}`);
      push(reader, `GET /22 HTTP/1.1\r\n${FIELDS}rest`);
      expect(reader.end).toBe(`GET /22 HTTP/1.1\r\n${FIELDS}`.length);
    });

    it.each([
      ["a longer value", `GET /2 HTTP/1.1\r\nHost: a\r\nCookie: b=cc\r\n\r\n`],
      ["one field more", `GET /2 HTTP/1.1\r\nHost: a\r\nCookie: b=c\r\nA: b\r\n\r\n`],
      ["one field less", `GET /2 HTTP/1.1\r\nHost: a\r\n\r\n`],
      ["an empty line in front", `\r\nGET /2 HTTP/1.1\r\n${FIELDS}`],
      ["another version", `GET /2 HTTP/1.0\r\n${FIELDS}`],
      ["a first line that is none", `GET\r\n${FIELDS}`],
      ["a control character in the first line", `GET /\x01 HTTP/1.1\r\n${FIELDS}`],
      ["too long a target", `GET /${"a".repeat(LIMITS.targetBytes)} HTTP/1.1\r\n${FIELDS}`],
      ["another method of any length", `${"G".repeat(200)} / HTTP/1.1\r\n${FIELDS}`],
    ])("reads %s as if it came first", (_, text) => {
      const [, second] = after(`GET /1 HTTP/1.1\r\n${FIELDS}`, text);
      expect(second).toEqual(after(text)[0]);
    });

    it("reads them anew once the last head is forgotten", () => {
      const reader = new HeadReader(REQUESTS);
      const first = push(reader, `GET / HTTP/1.1\r\n${FIELDS}`) as RequestHead;
      reader.forget();
      const second = push(reader, `GET / HTTP/1.1\r\n${FIELDS}`) as RequestHead;
      expect(second).toEqual(first);
      expect(second.fields).not.toBe(first.fields);
    });

    it("refuses a coding in HTTP/1.0 behind the same in HTTP/1.1", () => {
      const coding = "Transfer-Encoding: chunked\r\n\r\n";
      const [, second] = after(`POST / HTTP/1.1\r\n${coding}`, `POST / HTTP/1.0\r\n${coding}`);
      expect(second).toMatchObject({ status: 400 });
    });

    it("reads on when they never are the same, and when they are again", () => {
      const heads = Array.from({ length: 8 }, (_, i) => `GET / HTTP/1.1\r\nA: ${i >> 1}\r\n\r\n`);
      expect(after(...heads).map((head) => (head as RequestHead).fields[1])).toEqual([
        "0",
        "0",
        "1",
        "1",
        "2",
        "2",
        "3",
        "3",
      ]);
    });
  });

  it("costs no more for a head that comes byte by byte than its length accounts for", () => {
    // Counts what is decoded and scanned instead of taking time: a rescan for each byte would be quadratic.
    let decoded = 0;
    const format = {
      ...REQUESTS,
      latin1: (bytes: Uint8Array, start: number, end: number): string => {
        decoded += end - start;
        return REQUESTS.latin1(bytes, start, end);
      },
    };
    const text = `GET / HTTP/1.1\r\nA: ${"b".repeat(500)}\r\n\r\n`;
    const outcome = readHead(format, cut(bytesOf(text), [...bytesOf(text).keys()]));
    expect(outcome).toMatchObject({ head: { method: "GET" } });
    expect(decoded).toBe(text.length);
  });
});
