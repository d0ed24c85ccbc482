/** What is not plainly HTTP/1.1 is refused, and the connection closed behind it (RFC 9112 §2.2, §3, §5, §6, §7.1). */
import { expect } from "vitest";
import { type Case, conformance, oneUpstream, requestText, type Stage } from "../support/suite.ts";

const SEEN_AT = ["CVE-2026-29057", "http-party/node-http-proxy#1721"];
const SMUGGLED = requestText("/smuggled");
const CHUNKED = "Transfer-Encoding: chunked";

/** Sends `text` and a whole request behind it: the first is refused with one of `statuses`, the other never read. */
const refuses = async (stage: Stage, statuses: readonly number[], text: string): Promise<void> => {
  const client = await stage.client();
  void client.send(text + SMUGGLED);
  const { status, fields, interim } = await client.response("POST");
  expect(statuses).toContain(status);
  expect([fields.get("connection")?.toLowerCase(), interim]).toEqual(["close", []]);
  await client.closed();
  expect((await stage.request("/after")).text).toBe("/after");
  expect(stage.origin.seen.filter((line) => line.includes("/smuggled"))).toEqual([]);
};

/** Nothing of the request reaches the origin: its head is refused. */
const head = (what: string, status: number | readonly number[], text: string): Case => ({
  title: `request with ${what} is refused and its connection closed`,
  seenAt: SEEN_AT,
  run: async (stage) => {
    stage.origin.script((x) => x.respond(200, {}, x.head.target));
    await refuses(stage, [status].flat(), text);
    expect(stage.origin.seen).toEqual(["GET /after"]);
  },
});

const lines = (...all: readonly string[]): string => `${all.join("\r\n")}\r\n\r\n`;
const get = (...fields: readonly string[]): string =>
  lines("GET / HTTP/1.1", "Host: example.test", ...fields);
const requestLine = (line: string): string => lines(line, "Host: example.test");

const delimiters: Case[] = [
  head("bare line feeds", 400, "GET / HTTP/1.1\nHost: example.test\n\n"),
  head("a bare line feed behind the request line", 400, "GET / HTTP/1.1\nHost: example.test\r\n\r\n"),
  head("a bare line feed behind a field", 400, get("X-A: 1\nX-B: 2")),
  head("a bare line feed before the empty line", 400, "GET / HTTP/1.1\r\nHost: example.test\n\r\n"),
  head("a bare line feed as the empty line", 400, "GET / HTTP/1.1\r\nHost: example.test\r\n\n"),
  head("a bare carriage return in a value", 400, get("X-A: 1\r2")),
  head("a bare carriage return between fields", 400, get("X-A: 1\rX-B: 2")),
  head("two carriage returns behind a field", 400, get("X-A: 1\r")),
  head("a folded field", 400, get("X-A: 1", " 2")),
  head("a field folded by a tab", 400, get("X-A: 1", "\t2")),
  head("white space before the first field", 400, lines("GET / HTTP/1.1", " X-A: 1", "Host: example.test")),
];

const CONTROLS: readonly (readonly [string, string])[] = [
  ["NUL", "\0"],
  ["a backspace", "\b"],
  ["an escape", "\x1b"],
  ["DEL", "\x7f"],
];

const fields: Case[] = [
  head("a space before the colon", 400, get("X-A : 1")),
  head("a tab before the colon", 400, get("X-A\t: 1")),
  head("an empty field name", 400, get(": 1")),
  head("a line without a colon", 400, get("X-A")),
  head("a space in a field name", 400, get("X A: 1")),
  head("a separator in a field name", 400, get("X(A): 1")),
  head("a byte above 0x7f in a field name", 400, get("X-\xe5: 1")),
  ...CONTROLS.map(([what, character]) => head(`${what} in a value`, 400, get(`X-A: 1${character}2`))),
  ...CONTROLS.map(([what, character]) => head(`${what} in a field name`, 400, get(`X-A${character}: 1`))),
];

/** Its framing is clear, so that its connection may go on. */
const badHost = (what: string, host: string): Case => ({
  title: `request with ${what} in Host is rejected with 400`,
  seenAt: SEEN_AT,
  run: async (stage) => {
    expect((await stage.raw(lines("GET / HTTP/1.1", `Host: ${host}`))).status).toBe(400);
    expect(stage.origin.seen).toEqual([]);
  },
});

const hosts: Case[] = [
  badHost("nothing", ""),
  badHost("a user", "user@example.test"),
  badHost("a path", "example.test/x"),
  badHost("a space", "example .test"),
  badHost("two hosts", "example.test, other.test"),
  badHost("a port out of range", "example.test:65536"),
];

const startLines: Case[] = [
  head("HTTP/0.9", [400, 505], "GET /\r\n\r\n"),
  head("HTTP/0.9 by name", 505, requestLine("GET / HTTP/0.9")),
  head("HTTP/2.0", 505, requestLine("GET / HTTP/2.0")),
  head("the preface of HTTP/2", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  head("HTTP/3.0", 505, requestLine("GET / HTTP/3.0")),
  head("a version in lower case", 400, requestLine("GET / http/1.1")),
  head("a version of two digits", 400, requestLine("GET / HTTP/1.10")),
  head("a version with a leading zero", 400, requestLine("GET / HTTP/01.1")),
  head("a version without a dot", 400, requestLine("GET / HTTP/11")),
  head("another protocol", 400, requestLine("GET / ICAP/1.0")),
  head("a space behind the version", 400, requestLine("GET / HTTP/1.1 ")),
  head("two spaces before the target", 400, requestLine("GET  / HTTP/1.1")),
  head("two spaces before the version", 400, requestLine("GET /  HTTP/1.1")),
  head("a tab for a space", 400, requestLine("GET\t/ HTTP/1.1")),
  head("a space before the method", 400, requestLine(" GET / HTTP/1.1")),
  head("a space in its target", 400, requestLine("GET /a b HTTP/1.1")),
  head("a control character in its target", 400, requestLine("GET /a\x01b HTTP/1.1")),
  head("no target", 400, requestLine("GET HTTP/1.1")),
  head("no method", 400, requestLine("/ HTTP/1.1")),
  head("a separator in the method", 400, requestLine("GE(T / HTTP/1.1")),
  head("a colon in the method", 400, requestLine("GET: / HTTP/1.1")),
];

const post = (...more: readonly string[]): string => lines("POST / HTTP/1.1", "Host: example.test", ...more);

const lengths: Case[] = [
  ["", "an empty length"],
  ["+5", "a signed length"],
  ["-5", "a negative length"],
  ["0x5", "a hexadecimal length"],
  ["5.0", "a length with a fraction"],
  ["1e1", "a length with an exponent"],
  ["5 5", "a length with a space"],
  ["5,", "a length with a comma"],
  ["5, 5", "a list of lengths"],
  ["5, 6", "a list of different lengths"],
  ["\xb2", "a digit above 0x7f as length"],
  ["five", "a word as length"],
].map(([value = "", what = ""]) => head(what, 400, `${post(`Content-Length: ${value}`)}12345`));

const codings: Case[] = [
  ["", "an empty transfer coding"],
  ["identity", "the identity coding"],
  ["gzip", "gzip alone"],
  ["gzip, chunked", "gzip before chunked"],
  ["chunked, gzip", "gzip behind chunked"],
  ["chunked, chunked", "chunked twice"],
  ["chunked,", "a comma behind chunked"],
  ["chunked;q=1", "a parameter of chunked"],
  ["xchunked", "an unknown coding"],
  ["chunke\x0bd", "a control character in the coding"],
  ["\x0bchunked", "a control character before the coding"],
  ['"chunked"', "a quoted coding"],
].map(([value = "", what = ""]) => head(what, 400, `${post(`Transfer-Encoding: ${value}`)}0\r\n\r\n`));

const framing: Case[] = [
  ...lengths,
  head("a length beyond counting", [400, 413], post(`Content-Length: ${"9".repeat(40)}`)),
  head("two equal lengths", 400, `${post("Content-Length: 5", "Content-Length: 5")}12345`),
  head("two different lengths", 400, `${post("Content-Length: 5", "Content-Length: 6")}12345`),
  ...codings,
  head("two equal transfer codings", 400, `${post(CHUNKED, CHUNKED)}0\r\n\r\n`),
  head("chunked and identity in two fields", 400, `${post(CHUNKED, "Transfer-Encoding: identity")}0\r\n\r\n`),
  head("both a length and a transfer coding", 400, `${post("Content-Length: 5", CHUNKED)}0\r\n\r\n`),
  head("a transfer coding and then a length", 400, `${post(CHUNKED, "Content-Length: 5")}0\r\n\r\n`),
  head(
    "both a length and an unknown coding",
    400,
    `${post("Content-Length: 5", "Transfer-Encoding: x")}12345`,
  ),
];

const accepted: Case[] = [
  {
    title: "request behind an empty line is served",
    run: async (stage) => {
      expect((await stage.raw(`\r\n${get()}`)).status).toBe(200);
    },
  },
  {
    title: "white space around values is no part of them",
    run: async (stage) => {
      expect((await stage.raw(get("X-A: \t 1 \t ", "X-B:2", "X-C:"))).status).toBe(200);
      const { fields: seen } = (await stage.origin.request()).head;
      expect(["x-a", "x-b", "x-c"].map((name) => seen.get(name))).toEqual(["1", "2", ""]);
    },
  },
  {
    title: "field names keep their spelling and order",
    run: async (stage) => {
      await stage.raw(get("x-lower: 1", "X-UPPER: 2", "x-Mixed: 3", "X-UPPER: 4"));
      const { list } = (await stage.origin.request()).head.fields;
      expect(list.filter(([name]) => /^x-(lower|upper|mixed)$/i.test(name))).toEqual([
        ["x-lower", "1"],
        ["X-UPPER", "2"],
        ["x-Mixed", "3"],
        ["X-UPPER", "4"],
      ]);
    },
  },
  {
    title: "chunked is recognised in any case",
    run: async (stage) => {
      const text = `${post("transfer-encoding:CHUNKED")}2\r\nok\r\n0\r\n\r\n`;
      expect((await stage.raw(text, "POST")).status).toBe(200);
      expect((await (await stage.origin.request()).body()).toString()).toBe("ok");
    },
  },
  {
    title: "length with leading zeros is the number that it says",
    run: async (stage) => {
      expect((await stage.raw(`${post("Content-Length: 0005")}12345`, "POST")).status).toBe(200);
      expect((await (await stage.origin.request()).body()).toString()).toBe("12345");
    },
  },
  {
    title: "bytes behind a request with Connection: close are never read as another one",
    run: async (stage) => {
      const client = await stage.client();
      await client.send(get("Connection: close") + SMUGGLED);
      expect((await client.response()).text).toBe("origin");
      expect((await client.wire.rest()).toString()).toBe("");
      expect((await stage.request("/after")).status).toBe(200);
      expect(stage.origin.seen).toEqual(["GET /", "GET /after"]);
    },
  },
  {
    title: "CONNECT with content is refused and its connection closed",
    run: async (stage) => {
      const line = `CONNECT 127.0.0.1:${stage.origin.port} HTTP/1.1`;
      const client = await stage.client();
      await client.send(
        lines(line, `Host: 127.0.0.1:${stage.origin.port}`, `Content-Length: ${SMUGGLED.length}`) + SMUGGLED,
      );
      expect((await client.open()).status).toBeGreaterThanOrEqual(400);
      await client.closed();
      expect((await stage.request("/after")).status).toBe(200);
      expect(stage.origin.seen).toEqual(["GET /after"]);
    },
  },
];

conformance("strictness about requests", {
  config: oneUpstream(),
  cases: [...delimiters, ...fields, ...hosts, ...startLines, ...framing, ...accepted],
});
