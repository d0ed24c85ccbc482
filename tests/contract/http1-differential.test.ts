/**
 * Node's own HTTP parser (llhttp) reads the same bytes over real sockets. Where the two differ, the case
 * says why and what each makes of it; a difference that is not listed fails, and so does a listed one that
 * is gone.
 */
import { beforeAll, describe, expect, it } from "vitest";
import {
  type Reading,
  readRequestsHere,
  readRequestsInNode,
  readResponsesHere,
  readResponsesInNode,
} from "../support/http1-node.ts";

interface Case {
  readonly title: string;
  readonly text: string;
  /** Method of the request that is answered. @default "GET" */
  readonly method?: string;
  /** Why less is accepted here than by Node. */
  readonly stricter?: string;
  /** Why more is accepted here than by Node. */
  readonly laxer?: string;
}

const get = (lines: string): string => `GET / HTTP/1.1\r\n${lines}\r\n`;
const chunked = (content: string): string =>
  `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${content}`;

const REQUESTS: readonly Case[] = [
  { title: "plain", text: get("Host: a\r\nX-A: b\r\n") },
  { title: "empty line in front", text: `\r\n${get("")}` },
  {
    title: "two empty lines in front",
    text: `\r\n\r\n${get("")}`,
    stricter: "one is enough for the clients that RFC 9112 §2.2 speaks of",
  },
  { title: "pipelined", text: `${get("A: 1\r\n")}${get("A: 2\r\n")}` },
  { title: "HTTP/1.0", text: "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" },
  { title: "HTTP/0.9", text: "GET /\r\n" },
  {
    title: "version 0.9",
    text: "GET / HTTP/0.9\r\n\r\n",
    stricter: "only 1.0 and 1.1 are spoken here (RFC 9112 §2.3)",
  },
  { title: "version 1.2", text: "GET / HTTP/1.2\r\n\r\n" },
  {
    title: "version 2.0",
    text: "GET / HTTP/2.0\r\n\r\n",
    stricter: "only 1.0 and 1.1 are spoken here (RFC 9112 §2.3)",
  },
  { title: "version in lower case", text: "GET / http/1.1\r\n\r\n" },
  {
    title: "unknown method",
    text: "VERSION / HTTP/1.1\r\n\r\n",
    laxer: "the set of methods is open (RFC 9110 §9.1)",
  },
  {
    title: "method in lower case",
    text: "get / HTTP/1.1\r\n\r\n",
    laxer: "any token is a method (RFC 9110 §9.1); `screen` refuses this one",
  },
  {
    title: "two spaces behind the method",
    text: "GET  / HTTP/1.1\r\n\r\n",
    stricter: "one space separates the parts (RFC 9112 §3)",
  },
  {
    title: "two spaces before the version",
    text: "GET /  HTTP/1.1\r\n\r\n",
    stricter: "one space separates the parts (RFC 9112 §3)",
  },
  { title: "space behind the version", text: "GET / HTTP/1.1 \r\n\r\n" },
  { title: "tab in the target", text: "GET /a\tb HTTP/1.1\r\n\r\n" },
  {
    title: "bytes above 0x7f in the target",
    text: "GET /\xe9 HTTP/1.1\r\n\r\n",
    laxer: "`screen` refuses it, with the target's other rules",
  },
  {
    title: "target that is no path",
    text: "GET a HTTP/1.1\r\n\r\n",
    laxer: "`screen` refuses it, with the target's other rules",
  },
  { title: "absolute target", text: "GET http://a/b HTTP/1.1\r\n\r\n" },
  { title: "fragment in the target", text: "GET /a#b HTTP/1.1\r\n\r\n" },
  { title: "target *", text: "OPTIONS * HTTP/1.1\r\n\r\n" },
  { title: "bare LF behind the request line", text: "GET / HTTP/1.1\nA: b\r\n\r\n" },
  { title: "bare LF behind a field", text: get("A: b\nC: d\r\n") },
  { title: "bare CR in a value", text: get("A: b\rc\r\n") },
  { title: "bare CR before the end", text: "GET / HTTP/1.1\r\n\rA: b\r\n\r\n" },
  { title: "bare LF at the end", text: "GET / HTTP/1.1\r\nA: b\r\n\n" },
  { title: "NUL in a value", text: get("A: \0\r\n") },
  { title: "control character in a value", text: get("A: \x01\r\n") },
  { title: "DEL in a value", text: get("A: \x7f\r\n") },
  { title: "tab in a value", text: get("A: b\tc\r\n") },
  { title: "bytes above 0x7f in a value", text: get("A: \xe9\xff\x80\r\n") },
  { title: "byte above 0x7f in a name", text: get("\xe9: b\r\n") },
  { title: "white space around a value", text: get("A: \t b \t\r\n") },
  { title: "empty value", text: get("A:\r\nB: \r\n") },
  { title: "folded value", text: get("A: b\r\n c\r\n") },
  { title: "space in front of the first field", text: get(" A: b\r\n") },
  { title: "space before the colon", text: get("A : b\r\n") },
  { title: "empty name", text: get(": b\r\n") },
  { title: "line without a colon", text: get("A\r\n") },
  { title: "name of odd token characters", text: get("!#$%&'*+-.^_`|~: b\r\n") },
  { title: "brackets in a name", text: get("A(b): c\r\n") },
  { title: "two Host fields", text: get("Host: a\r\nHost: b\r\n"), stricter: "RFC 9112 §3.2 asks for a 400" },
  { title: "length", text: "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc" },
  { title: "length and a message behind", text: `POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc${get("")}` },
  { title: "length with zeros in front", text: "POST / HTTP/1.1\r\nContent-Length: 003\r\n\r\nabc" },
  { title: "too little content", text: "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nabc" },
  { title: "equal lengths", text: "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc" },
  { title: "list of lengths", text: "POST / HTTP/1.1\r\nContent-Length: 3, 3\r\n\r\nabc" },
  { title: "signed length", text: "POST / HTTP/1.1\r\nContent-Length: +3\r\n\r\nabc" },
  { title: "length and a space inside", text: "POST / HTTP/1.1\r\nContent-Length: 3 3\r\n\r\nabc" },
  { title: "empty length", text: "POST / HTTP/1.1\r\nContent-Length:\r\n\r\n" },
  { title: "length beyond 2^64", text: `POST / HTTP/1.1\r\nContent-Length: ${"9".repeat(20)}\r\n\r\nabc` },
  {
    title: "length and coding",
    text: "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  },
  {
    title: "coding and length",
    text: "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
  },
  { title: "another coding", text: "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n" },
  {
    title: "coding before chunked",
    text: "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    stricter: "no other coding is understood here (RFC 9112 §6.1)",
  },
  {
    title: "coding behind chunked",
    text: "POST / HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
  },
  {
    title: "chunked in two fields",
    text: "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  },
  { title: "chunked in upper case", text: "POST / HTTP/1.1\r\nTransfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n" },
  {
    title: "chunked in HTTP/1.0",
    text: "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    stricter: "its framing is faulty (RFC 9112 §6.1)",
  },
  { title: "chunks", text: chunked("3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n") },
  { title: "chunk extensions", text: chunked('3;a;b=c;d="e f"\r\nabc\r\n0;a\r\n\r\n') },
  {
    title: "space before a chunk extension",
    text: chunked("3 ;a\r\nabc\r\n0\r\n\r\n"),
    laxer: "it must be read (RFC 9112 §7.1.1, BWS)",
  },
  { title: "space behind a chunk size", text: chunked("3 \r\nabc\r\n0\r\n\r\n") },
  { title: "empty chunk extension", text: chunked("3;\r\nabc\r\n0\r\n\r\n") },
  {
    title: "chunk extension with an empty value",
    text: chunked("3;a=\r\nabc\r\n0\r\n\r\n"),
    stricter: "a value is a token or quoted (RFC 9112 §7.1.1)",
  },
  { title: "prefixed chunk size", text: chunked("0x3\r\nabc\r\n0\r\n\r\n") },
  { title: "no chunk size", text: chunked("\r\nabc\r\n0\r\n\r\n") },
  { title: "chunk size beyond 2^64", text: chunked("10000000000000003\r\nabc\r\n0\r\n\r\n") },
  { title: "bare LF behind a chunk size", text: chunked("3\nabc\r\n0\r\n\r\n") },
  { title: "bare LF behind a chunk", text: chunked("3\r\nabc\n0\r\n\r\n") },
  { title: "chunk longer than its size", text: chunked("3\r\nabcd\r\n0\r\n\r\n") },
  { title: "unfinished chunk", text: chunked("3\r\nab") },
  { title: "no last chunk", text: chunked("3\r\nabc\r\n") },
  { title: "trailers", text: chunked("0\r\nX-A: b\r\nX-B: c\r\n\r\n") },
  { title: "trailer without a colon", text: chunked("0\r\nA\r\n\r\n") },
  { title: "folded trailer", text: chunked("0\r\nX-A: b\r\n c\r\n\r\n") },
  {
    title: "trailer that frames",
    text: chunked("0\r\nContent-Length: 5\r\nX-A: b\r\n\r\n"),
    laxer: "it is left out, as it means nothing there (RFC 9110 §6.5.1)",
  },
  {
    title: "message behind Connection: close",
    text: `${get("Connection: close\r\n")}${get("")}`,
  },
  { title: "upgrade to HTTP/2", text: get("Connection: upgrade\r\nUpgrade: h2c\r\n") },
];

const ok = (lines: string, content = ""): string => `HTTP/1.1 200 OK\r\n${lines}\r\n${content}`;

const RESPONSES: readonly Case[] = [
  { title: "length", text: ok("Content-Length: 3\r\nA: b\r\n", "abc") },
  {
    title: "chunks and trailers",
    text: ok("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\nX-A: b\r\n\r\n"),
  },
  { title: "content up to the end", text: ok("A: b\r\n", "abc") },
  { title: "too little content", text: ok("Content-Length: 4\r\n", "abc") },
  { title: "unfinished chunks", text: ok("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n") },
  { title: "answer to HEAD", text: ok("Content-Length: 3\r\n"), method: "HEAD" },
  { title: "204", text: "HTTP/1.1 204 No Content\r\n\r\n" },
  { title: "304 with a length", text: "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n" },
  { title: "103 first", text: `HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n${ok("Content-Length: 0\r\n")}` },
  { title: "no reason", text: "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n" },
  { title: "space and no reason", text: "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n" },
  { title: "bytes above 0x7f in the reason", text: "HTTP/1.1 200 \xe9\r\nContent-Length: 0\r\n\r\n" },
  { title: "HTTP/1.0", text: "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc" },
  { title: "version 1.2", text: "HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n" },
  {
    title: "version 0.9",
    text: "HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n",
    stricter: "only 1.0 and 1.1 are spoken here (RFC 9112 §2.3)",
  },
  { title: "version 2", text: "HTTP/2 200\r\n\r\n" },
  {
    title: "status 600",
    text: "HTTP/1.1 600 A\r\nContent-Length: 0\r\n\r\n",
    stricter: "there are five classes of statuses (RFC 9110 §15)",
  },
  { title: "status of two digits", text: "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n" },
  { title: "status of four digits", text: "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n" },
  {
    title: "empty line in front",
    text: `\r\n${ok("Content-Length: 0\r\n")}`,
    stricter: "tolerated in front of requests only (RFC 9112 §2.2)",
  },
  {
    title: "space before a colon",
    text: ok("A : b\r\nContent-Length: 0\r\n"),
    laxer: "a proxy removes it (RFC 9112 §5.1)",
  },
  {
    title: "folded value",
    text: ok("A: b\r\n c\r\nContent-Length: 0\r\n"),
    laxer: "a proxy replaces the fold by spaces (RFC 9112 §5.2)",
  },
  { title: "bytes above 0x7f in a value", text: ok("A: \xe9\xff\r\nContent-Length: 0\r\n") },
  { title: "control character in a value", text: ok("A: \x01\r\nContent-Length: 0\r\n") },
  { title: "NUL in a value", text: ok("A: \0\r\nContent-Length: 0\r\n") },
  { title: "bare LF", text: "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n" },
  { title: "bare CR", text: ok("A: b\rc\r\nContent-Length: 0\r\n") },
  {
    title: "equal lengths",
    text: ok("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"),
    laxer: "they are one (RFC 9110 §8.6)",
  },
  {
    title: "list of equal lengths",
    text: ok("Content-Length: 3, 3\r\n", "abc"),
    laxer: "they are one (RFC 9110 §8.6)",
  },
  { title: "differing lengths", text: ok("Content-Length: 3\r\nContent-Length: 4\r\n", "abc") },
  {
    title: "length and coding",
    text: ok("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
  },
  {
    title: "another coding",
    text: ok("Transfer-Encoding: gzip\r\n", "abc"),
    stricter: "no other coding is understood here (RFC 9112 §6.1)",
  },
  {
    title: "coding before chunked",
    text: ok("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
    stricter: "no other coding is understood here (RFC 9112 §6.1)",
  },
  {
    title: "identity",
    text: ok("Transfer-Encoding: identity\r\n", "abc"),
    stricter: "no other coding is understood here (RFC 9112 §6.1)",
  },
  {
    title: "chunked in HTTP/1.0",
    text: "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    stricter: "its framing is faulty (RFC 9112 §6.1)",
  },
  {
    title: "hop-by-hop fields",
    text: ok("Connection: close, x-a\r\nX-A: b\r\nKeep-Alive: timeout=5\r\nX-B: c\r\nContent-Length: 0\r\n"),
  },
];

/** Number of messages that were read whole. */
const accepted = (reading: Reading): number => reading.filter((message) => message !== "refused").length;

const relation = (here: Reading, node: Reading): "same" | "stricter" | "laxer" | "other" => {
  if (JSON.stringify(here) === JSON.stringify(node)) return "same";
  const more = accepted(here) - accepted(node);
  return more === 0 ? "other" : more > 0 ? "laxer" : "stricter";
};

const expected = ({ stricter, laxer }: Case): { relation: string; reason: string } => {
  if (stricter !== undefined) return { relation: "stricter", reason: `, as ${stricter}` };
  return laxer === undefined
    ? { relation: "same", reason: "" }
    : { relation: "laxer", reason: `, as ${laxer}` };
};

const compare = (
  cases: readonly Case[],
  here: (given: Case) => Reading,
  inNode: () => Promise<Reading[]>,
): void => {
  let node: Reading[] = [];
  beforeAll(async () => {
    node = await inNode();
  });
  const rows = cases.map((given, i) => ({ i, given, title: given.title, ...expected(given) }));
  it.each(rows)("$title: $relation$reason", ({ i, given, relation: wanted }) => {
    const ours = here(given);
    const theirs = node[i] ?? [];
    expect(relation(ours, theirs), `here ${String(ours)}, Node ${String(theirs)}`).toBe(wanted);
  });
};

describe("requests, read here and by Node", () => {
  compare(
    REQUESTS,
    ({ text }) => readRequestsHere(text),
    () => readRequestsInNode(REQUESTS.map(({ text }) => text)),
  );
});

describe("responses, read here and by Node", () => {
  compare(
    RESPONSES,
    ({ text, method = "GET" }) => readResponsesHere(text, method),
    () => readResponsesInNode(RESPONSES.map(({ text, method = "GET" }) => ({ text, method }))),
  );
});
