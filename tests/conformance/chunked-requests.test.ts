/** Chunked content is read to the letter of RFC 9112 §7.1: whatever else it might mean, nobody gets to decide. */
import { expect } from "vitest";
import { type Case, conformance, oneUpstream, requestText } from "../support/suite.ts";

const SEEN_AT = ["CVE-2026-29057", "http-party/node-http-proxy#1721"];
const SMUGGLED = requestText("/smuggled");
const head = requestText("/", { method: "POST", fields: ["Transfer-Encoding: chunked"] });

/**
 * The head is on its way upstream when the content turns out to be malformed: the client is told, the connection
 * closed, and the upstream request never completed.
 */
const refuses = (what: string, body: string, statuses: readonly number[] = [400]): Case => ({
  title: `chunked content with ${what} is refused and never completed upstream`,
  seenAt: SEEN_AT,
  run: async (stage) => {
    const client = await stage.client();
    void client.send(head + body);
    const { status } = await client.response("POST");
    expect(statuses).toContain(status);
    await client.closed();
    expect((await stage.request("/after")).status).toBe(200);
    expect(stage.origin.seen.filter((line) => line.includes("/smuggled"))).toEqual([]);
    for (const exchange of stage.origin.exchanges) {
      if (exchange.head.method === "POST")
        await expect(exchange.body()).rejects.toThrow(/ended the connection/);
    }
  },
});

/** A chunk of five bytes whose size is written as `size`, the end, and a request behind it. */
const sized = (size: string): string => `${size}\r\nhello\r\n0\r\n\r\n${SMUGGLED}`;

const sizes: Case[] = [
  ["0x5", "a size in C notation"],
  ["+5", "a signed size"],
  ["-5", "a negative size"],
  [" 5", "a space before a size"],
  ["5 ", "a space behind a size"],
  ["\t5", "a tab before a size"],
  ["5\t", "a tab behind a size"],
  ["", "an empty size"],
  ["g", "a letter beyond f as size"],
  ["5g", "a letter beyond f in a size"],
  ["5_", "an underscore in a size"],
  ["5,", "a comma behind a size"],
  ["5\0", "NUL behind a size"],
  ["\xb5", "a byte above 0x7f as size"],
  ["5;", "an extension without a name"],
  ["5;=a", "an extension value without a name"],
  ["5;a=", "an extension without its value"],
  ["5;a b", "a space in an extension's name"],
  ['5;a="b', "a quote in an extension left open"],
  ["5;a=\x01", "a control character in an extension"],
  ["5;a\rb", "a bare carriage return in an extension"],
  ["5;a\nb", "a bare line feed in an extension"],
].map(([size = "", what = ""]) => refuses(what, sized(size)));

const refused: Case[] = [
  ...sizes,
  refuses("a size beyond counting", sized("FFFFFFFFFFFFFFFFF"), [400, 413]),
  refuses("a size of 2^64 + 5", sized("10000000000000005"), [400, 413]),
  refuses("many zeros before a size", sized(`${"0".repeat(20_000)}5`), [400, 413, 431]),
  refuses("a bare line feed behind a size", `5\nhello\r\n0\r\n\r\n${SMUGGLED}`),
  refuses("a bare carriage return behind a size", `5\rhello\r\n0\r\n\r\n${SMUGGLED}`),
  refuses("a bare line feed behind the data", `5\r\nhello\n0\r\n\r\n${SMUGGLED}`),
  refuses("a bare line feed behind the last chunk", `5\r\nhello\r\n0\n\r\n${SMUGGLED}`),
  refuses("a bare line feed at the end", `5\r\nhello\r\n0\r\n\n${SMUGGLED}`),
  refuses("more data than its size says", `2\r\nhello\r\n0\r\n\r\n${SMUGGLED}`),
  refuses("less data than its size says", `9\r\nhello\r\n0\r\n\r\n${SMUGGLED}`),
  refuses("an over-long extension", sized(`5;a=${"b".repeat(100_000)}`), [400, 413, 431]),
  refuses("an endless extension", `5;a=${"b".repeat(1_000_000)}`, [400, 413, 431]),
  refuses("trailers over the limit", `0\r\n${"X-Trailer: 1\r\n".repeat(10_000)}\r\n`, [400, 431]),
  refuses("a malformed trailer", `0\r\nX A: 1\r\n\r\n${SMUGGLED}`),
  refuses("a trailer without a colon", `0\r\nX-A\r\n\r\n${SMUGGLED}`),
  refuses("a space before a trailer's colon", `0\r\nX-A : 1\r\n\r\n${SMUGGLED}`),
  refuses("a folded trailer", `0\r\nX-A: 1\r\n 2\r\n\r\n${SMUGGLED}`),
  refuses("a bare line feed in the trailers", `0\r\nX-A: 1\nX-B: 2\r\n\r\n${SMUGGLED}`),
];

const accepts = (what: string, body: string, content: string): Case => ({
  title: `chunked content with ${what} is forwarded whole`,
  run: async (stage) => {
    const client = await stage.client();
    await client.send(head + body + requestText("/next"));
    expect((await client.response("POST")).status).toBe(200);
    expect((await (await stage.origin.request()).body()).toString()).toBe(content);
    expect((await client.response()).status).toBe(200);
    expect(stage.origin.seen).toEqual(["POST /", "GET /next"]);
  },
});

const accepted: Case[] = [
  accepts("an extension", "5;a=b\r\nhello\r\n0\r\n\r\n", "hello"),
  accepts("a quoted extension", '5;a="b;\\"c"\r\nhello\r\n0\r\n\r\n', "hello"),
  accepts("several extensions", "5;a;b=c;d\r\nhello\r\n0;e\r\n\r\n", "hello"),
  accepts("leading zeros", "0005\r\nhello\r\n000\r\n\r\n", "hello"),
  accepts("sizes of either case", `a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n`, "01234567890123456789"),
  accepts("line ends in its data", "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"),
  accepts("a request in its data", `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`, SMUGGLED),
];

conformance("chunked requests", { config: oneUpstream(), cases: [...refused, ...accepted] });
