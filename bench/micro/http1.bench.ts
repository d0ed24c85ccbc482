/** What every message pays on the wire: heads read and written, chunks taken apart. */
import { do_not_optimize } from "mitata";
import { bodyDecoder } from "../../src/http1/body-decoder.ts";
import { encodeRequestHead, encodeResponseHead } from "../../src/http1/encode.ts";
import { type HeadFormat, HeadReader } from "../../src/http1/head-reader.ts";
import { refuse } from "../../src/http1/refusal.ts";
import { requestHeads } from "../../src/http1/request-head.ts";
import { responseHeads } from "../../src/http1/response-head.ts";
import { BROWSER_PAIRS } from "./samples.ts";
import type { Suite } from "./suite.ts";

const LIMITS = { headerBytes: 65_536, headers: 100, targetBytes: 8192 };

/** A browser's header section as it grows behind a login: 14 fields, 900 bytes. */
const LARGE_PAIRS: readonly string[] = [
  ...BROWSER_PAIRS,
  "X-Token",
  "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.".repeat(9),
  "If-None-Match",
  'W/"400-1a2b3c"',
];
const SMALL_PAIRS: readonly string[] = [
  "User-Agent",
  "curl/8.5.0",
  "Accept",
  "*/*",
  "Connection",
  "keep-alive",
];
const ANSWER_PAIRS: readonly string[] = [
  "Server",
  "nginx",
  "Date",
  "Tue, 24 Nov 2026 10:00:00 GMT",
  "Content-Type",
  "text/html; charset=utf-8",
  "ETag",
  'W/"400-1a2b3c"',
  "Cache-Control",
  "private, max-age=0",
];

const large = { method: "GET", target: "/api/v2/orders?page=2&sort=-date", host: "shop-7.example.com" };
const small = { method: "GET", target: "/", host: "localhost:8080" };
const bytesOf = (head: string): Uint8Array => Buffer.from(head, "latin1");

const largeBytes = bytesOf(encodeRequestHead(large, LARGE_PAIRS.slice(2), { length: "none" }));
const smallBytes = bytesOf(encodeRequestHead(small, SMALL_PAIRS, { length: "none" }));
const answerBytes = bytesOf(
  encodeResponseHead({ status: 200 }, ANSWER_PAIRS, { length: 1024, connection: "keep-alive" }),
);

const latin1 = (bytes: Uint8Array, start: number, end: number): string =>
  (bytes as Uint8Array & { latin1Slice(from: number, to: number): string }).latin1Slice(start, end);
/** A reader that takes each head for the first of its connection. */
const freshReader = <Head extends object>({
  parseAgain: _again,
  ...once
}: HeadFormat<Head>): HeadReader<Head> => new HeadReader(once);
const requests = requestHeads(latin1, LIMITS);
const responses = responseHeads(latin1, LIMITS);
const freshRequests = freshReader(requests);
const keptRequests = new HeadReader(requests);
const freshResponses = freshReader(responses);
const keptResponses = new HeadReader(responses);

const chunks = (size: number, total: number): Uint8Array =>
  bytesOf(`${size.toString(16)}\r\n${"x".repeat(size)}\r\n`.repeat(total / size));
const decode = (bytes: Uint8Array): unknown => {
  const copy = new Uint8Array(bytes);
  const decoder = bodyDecoder("chunked", refuse, LIMITS);
  decoder.push(copy, 0);
  return decoder.data;
};
const large16 = chunks(16_384, 65_536);
const tiny = chunks(1, 1024);

export const suites = (): Suite[] => [
  {
    title: "HTTP/1.1 on the wire",
    benches: {
      "read a request's head, 14 fields": () => do_not_optimize(freshRequests.push(largeBytes, 0)),
      "read it again on its connection": () => do_not_optimize(keptRequests.push(largeBytes, 0)),
      "read a request's head, 4 fields": () => do_not_optimize(freshRequests.push(smallBytes, 0)),
      "read a response's head, 7 fields": () => do_not_optimize(freshResponses.push(answerBytes, 0)),
      "read that again on its connection": () => do_not_optimize(keptResponses.push(answerBytes, 0)),
      "write a request's head, 13 fields": () =>
        do_not_optimize(encodeRequestHead(large, LARGE_PAIRS, { length: "none" })),
      "write a response's head, 5 fields": () =>
        do_not_optimize(encodeResponseHead({ status: 200 }, ANSWER_PAIRS, { length: 1024 })),
      "decode 64 KiB in chunks of 16 KiB": () => do_not_optimize(decode(large16)),
      "decode 1 KiB in chunks of 1 byte": () => do_not_optimize(decode(tiny)),
    },
  },
];
