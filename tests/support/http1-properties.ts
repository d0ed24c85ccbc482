/**
 * What holds for the wire format whatever the bytes: run by the property tests, and for hours by `npm run
 * fuzz`.
 */
import { deepStrictEqual, ok } from "node:assert/strict";
import * as fc from "fast-check";
import { HOP_BY_HOP } from "../../src/http/headers.ts";
import {
  CHUNK_END,
  chunkHeader,
  encodeRequestHead,
  encodeResponseHead,
  lastChunk,
} from "../../src/http1/encode.ts";
import { type HeadFormat, HeadReader } from "../../src/http1/head-reader.ts";
import { type Refusal, isRefusal } from "../../src/http1/refusal.ts";
import { type RequestHead, requestHeads } from "../../src/http1/request-head.ts";
import { type ResponseHead, responseHeads } from "../../src/http1/response-head.ts";
import { mayTrail } from "../../src/http1/trailers.ts";
import { chunkedMeaning, requestMeaning, responseMeaning } from "./http1-oracles.ts";
import { bytesOf, cut, latin1, readBody, readHead } from "./http1-wire.ts";

/** Wide enough that nothing here comes near. */
const WIDE = { headerBytes: 65_536, headers: 500, targetBytes: 65_536 };
const REQUESTS = requestHeads(latin1, WIDE);
const RESPONSES = responseHeads(latin1, WIDE);

const TOKEN_CHARS = "!#$%&'*+-.^_`|~0aZ";
const text = (chars: string, size: { minLength?: number; maxLength: number }): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...chars.split("")), ...size });

const token = text(TOKEN_CHARS, { minLength: 1, maxLength: 6 });
const name = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom("Host", "X-A", "x-a", "X_A", "Connection", "Upgrade", "Cookie") },
  {
    weight: 2,
    arbitrary: fc.constantFrom("Content-Length", "content-length", "Transfer-Encoding", "Keep-Alive", "TE"),
  },
  { weight: 1, arbitrary: token },
);
const value = fc.oneof(
  fc.constantFrom(
    "",
    "0",
    "5",
    "005",
    "5, 5",
    "5,6",
    "chunked",
    "Chunked",
    "gzip, chunked",
    "close",
    "x-a, close",
  ),
  text('aZ09 \t,;=:"\\\xe9\xff\x80', { maxLength: 12 }).map((raw) => raw.replace(/^[\t ]+|[\t ]+$/g, "")),
);
const blank = fc.constantFrom("", " ", "  ", "\t", " \t");
const fieldLine = fc
  .tuple(name, blank, value, blank)
  .map(([key, before, content, after]) => `${key}:${before}${content}${after}\r\n`);
const fieldLines = fc.array(fieldLine, { maxLength: 5 }).map((lines) => lines.join(""));
const target = text("/a?%=\xe9*:", { minLength: 1, maxLength: 8 });
const requestLine = fc
  .tuple(
    fc.oneof(fc.constantFrom("GET", "POST"), token),
    target,
    fc.constantFrom("1.1", "1.1", "1.1", "1.0", "2.0"),
  )
  .map(([method, path, version]) => `${method} ${path} HTTP/${version}\r\n`);
const statusLine = fc
  .tuple(
    fc.constantFrom("1.1", "1.0", "1.2"),
    fc.integer({ min: 90, max: 610 }),
    fc.constantFrom("", " ", " OK", " \xe9 b"),
  )
  .map(([version, status, reason]) => `HTTP/${version} ${status}${reason}\r\n`);
const behind = fc.constantFrom("", "", "abc", "\r\n", "GET / HTTP/1.1\r\n\r\n", "\n");

interface Mutation {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(400),
  remove: fc.constantFrom(0, 0, 1, 1, 2),
  insert: fc.constantFrom(
    "",
    "\r",
    "\n",
    "\r\n",
    "\r\n ",
    " ",
    "\t",
    ":",
    "\0",
    "\x7f",
    "\xe9",
    "a",
    "0",
    ";",
    '"',
    "\x0b",
  ),
});
/** Few, and often none: most of what is read must stay close to what is right. */
const mutations = fc.oneof(fc.constant([]), fc.array(mutation, { maxLength: 3 }));

const mutate = (given: string, changes: readonly Mutation[]): string => {
  let changed = given;
  for (const { at, remove, insert } of changes) {
    const index = at % (changed.length + 1);
    changed = changed.slice(0, index) + insert + changed.slice(index + remove);
  }
  return changed;
};

const requestText = fc
  .tuple(fc.constantFrom("", "", "\r\n"), requestLine, fieldLines, behind, mutations)
  .map(([before, line, lines, rest, changes]) => mutate(`${before}${line}${lines}\r\n${rest}`, changes));
const responseText = fc
  .tuple(statusLine, fieldLines, behind, mutations)
  .map(([line, lines, rest, changes]) => mutate(`${line}${lines}\r\n${rest}`, changes));
const cuts = fc.oneof(
  fc.array(fc.nat(400), { maxLength: 5 }),
  fc.constant(Array.from({ length: 600 }, (_, i) => i)),
);

/** The part of `text` that makes up a head, or undefined if it has no end. */
const sectionOf = (whole: string): string | undefined => {
  const end = whole.indexOf("\r\n\r\n");
  return end === -1 ? undefined : whole.slice(0, end);
};

const withoutNotes = (head: RequestHead | ResponseHead): object => {
  const { notes, ...rest } = head;
  ok(notes.bytes >= 0);
  return rest;
};

const requestsAreReadRight = fc.property(requestText, cuts, (whole, at) => {
  const outcome = readHead(REQUESTS, [bytesOf(whole)]);
  deepStrictEqual(readHead(REQUESTS, cut(bytesOf(whole), at)), outcome);
  const section = sectionOf(whole);
  const meaning = section === undefined ? undefined : requestMeaning(section);
  deepStrictEqual(
    outcome !== undefined && "head" in outcome ? withoutNotes(outcome.head) : undefined,
    meaning,
  );
  ok(outcome !== undefined || section === undefined, "a whole head is never waited for");
});

const responsesAreReadRight = fc.property(responseText, cuts, (whole, at) => {
  const outcome = readHead(RESPONSES, [bytesOf(whole)]);
  deepStrictEqual(readHead(RESPONSES, cut(bytesOf(whole), at)), outcome);
  const section = sectionOf(whole);
  const meaning = section === undefined ? undefined : responseMeaning(section);
  deepStrictEqual(
    outcome !== undefined && "head" in outcome ? withoutNotes(outcome.head) : undefined,
    meaning,
  );
});

/** A sequence of heads in which fields often repeat byte for byte. */
const conversation = (line: fc.Arbitrary<string>): fc.Arbitrary<string[]> =>
  fc
    .tuple(
      fc.array(fieldLines, { minLength: 1, maxLength: 2 }),
      fc.array(fc.tuple(line, fc.nat(1), mutations), { maxLength: 6 }),
    )
    .map(([blocks, heads]) =>
      heads.map(([first, block, changes]) =>
        mutate(`${first}${blocks[block % blocks.length] ?? ""}\r\n`, changes),
      ),
    );

/** Reads `heads` from one connection and each from one of its own. */
const readAlike = <Head extends object>(
  format: HeadFormat<Head>,
  heads: readonly string[],
  at: readonly number[],
): void => {
  const reader = new HeadReader(format);
  for (const head of heads) {
    const fresh = readHead(format, [bytesOf(head)]);
    let result: Head | Refusal | undefined;
    for (const piece of cut(bytesOf(head), at)) result ??= reader.push(piece, 0);
    const expected = fresh === undefined || "refusal" in fresh ? fresh?.refusal : fresh.head;
    deepStrictEqual(result, expected);
    // Behind a refusal, an unfinished head or bytes of the next one the connection is another.
    if (result === undefined || isRefusal(result) || fresh?.rest !== "") return;
  }
};

const repeatedRequestFieldsChangeNothing = fc.property(conversation(requestLine), cuts, (heads, at) => {
  readAlike(REQUESTS, heads, at);
});

const repeatedResponseFieldsChangeNothing = fc.property(conversation(statusLine), cuts, (heads, at) => {
  readAlike(RESPONSES, heads, at);
});

const pairs = fc
  .array(fc.tuple(fc.oneof(fc.constantFrom("X-A", "Cookie", "X_A"), token), value), { maxLength: 5 })
  .map((list) =>
    list.filter(([key]) => !/^(?:host|te)$/i.test(key) && !HOP_BY_HOP.has(key.toLowerCase())).flat(),
  );
const length = fc.oneof(fc.constantFrom("none", "chunked"), fc.nat());

const writtenHeadsAreRead = fc.property(token, target, pairs, length, (method, path, fields, bodyLength) => {
  const written = encodeRequestHead({ method, target: path, host: "a.example" }, fields, {
    length: bodyLength,
  });
  const outcome = readHead(REQUESTS, [bytesOf(written)]);
  ok(outcome !== undefined && "head" in outcome);
  const { head } = outcome;
  deepStrictEqual([head.method, head.target, head.notes.host], [method, path, "a.example"]);
  deepStrictEqual(head.fields.slice(2, 2 + fields.length), fields);
  deepStrictEqual(head.notes.chunked ? "chunked" : (head.notes.contentLength ?? "none"), bodyLength);
  const answered = readHead(RESPONSES, [
    bytesOf(encodeResponseHead({ status: 200 }, fields, { length: bodyLength })),
  ]);
  ok(answered !== undefined && "head" in answered);
  deepStrictEqual(answered.head.fields, fields);
});

const extension = fc.constantFrom("", "", "", ";a", ";a=b", ';a="b;\\"c"', " ;\ta = b", ";a;b=c");
const chunk = fc
  .tuple(fc.constantFrom(1, 2, 10, 17, 40), fc.constantFrom("a", "\r", "\n", "\0", "\xff"), extension)
  .map(
    ([size, char, more]) => `${chunkHeader(size).replace("\r\n", more)}\r\n${char.repeat(size)}${CHUNK_END}`,
  );
const trailers = fc.array(fc.tuple(token, value), { maxLength: 2 }).map((list) => list.flat());
const chunkedText = fc
  .tuple(fc.array(chunk, { maxLength: 5 }), trailers, behind, mutations)
  .map(([chunks, fields, rest, changes]) => mutate(chunks.join("") + lastChunk(fields) + rest, changes));

const chunksAreDecodedRight = fc.property(chunkedText, cuts, (whole, at) => {
  const outcome = readBody("chunked", [bytesOf(whole)]);
  deepStrictEqual(readBody("chunked", cut(bytesOf(whole), at)), outcome);
  const meaning = chunkedMeaning(whole);
  deepStrictEqual(outcome.done ? { data: outcome.data, rest: outcome.rest } : undefined, meaning);
  for (let i = 0; i < outcome.trailers.length; i += 2)
    ok(mayTrail((outcome.trailers[i] ?? "").toLowerCase()));
});

const anything = fc.uint8Array({ maxLength: 64 });

const nothingThrows = fc.property(
  anything,
  fc.constantFrom("GET / HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n", "0\r\n", ""),
  (bytes, start) => {
    const whole = start + latin1(bytes, 0, bytes.length);
    const at = [start.length + ((bytes[0] ?? 0) % 9)];
    deepStrictEqual(readHead(REQUESTS, cut(bytesOf(whole), at)), readHead(REQUESTS, [bytesOf(whole)]));
    deepStrictEqual(readHead(RESPONSES, cut(bytesOf(whole), at)), readHead(RESPONSES, [bytesOf(whole)]));
    deepStrictEqual(readBody("chunked", cut(bytesOf(whole), at)), readBody("chunked", [bytesOf(whole)]));
  },
);

/** By name: subject and what holds for it. */
export const HTTP1_PROPERTIES: Readonly<Record<string, fc.IRawProperty<unknown, false>>> = {
  "request heads mean what the grammar says, in any pieces": requestsAreReadRight,
  "response heads mean what the grammar says, in any pieces": responsesAreReadRight,
  "request heads mean the same behind others with the same fields": repeatedRequestFieldsChangeNothing,
  "response heads mean the same behind others with the same fields": repeatedResponseFieldsChangeNothing,
  "written heads are read as they were meant": writtenHeadsAreRead,
  "chunked content means what the grammar says, in any pieces": chunksAreDecodedRight,
  "arbitrary bytes are read or refused, the same in any pieces": nothingThrows,
};
