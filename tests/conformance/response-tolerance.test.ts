/** Responses: tolerant where RFC 9112 tells a proxy to be, strict where their end is at stake. */
import { expect } from "vitest";
import { type Case, conformance, oneUpstream } from "../support/suite.ts";

const OK = "HTTP/1.1 200 OK\r\n";
const body = "Content-Length: 2\r\n\r\nok";

const mended = (what: string, response: string, field?: readonly [name: string, value: string]): Case => ({
  title: `response with ${what} is passed on well-formed`,
  run: async (stage) => {
    stage.origin.script((x) => x.send(response));
    const { status, text, fields } = await stage.request("/");
    expect([status, text]).toEqual([200, "ok"]);
    if (field !== undefined) expect(fields.get(field[0])?.replaceAll(/ +/g, " ")).toBe(field[1]);
  },
});

const tolerated: Case[] = [
  mended("a space before a colon", `${OK}X-A : 1\r\n${body}`, ["x-a", "1"]),
  mended("a tab before a colon", `${OK}X-A\t: 1\r\n${body}`, ["x-a", "1"]),
  mended("a folded field", `${OK}X-A: one\r\n  two\r\n${body}`, ["x-a", "one two"]),
  mended("a field folded twice", `${OK}X-A: one\r\n\ttwo\r\n three\r\n${body}`, ["x-a", "one two three"]),
  mended("a field folded at its start", `${OK}X-A:\r\n one\r\n${body}`, ["x-a", "one"]),
  mended("no reason", `HTTP/1.1 200 \r\n${body}`),
  mended("no reason and no space", `HTTP/1.1 200\r\n${body}`),
  mended("bytes above 0x7f in its reason", `HTTP/1.1 200 Tr\xe8s bien\r\n${body}`),
  mended("bytes above 0x7f in a value", `${OK}X-A: \xe5\xff\r\n${body}`, ["x-a", "\xe5\xff"]),
  mended("an empty field", `${OK}X-A:\r\n${body}`, ["x-a", ""]),
];

const refused = (what: string, response: string): Case => ({
  title: `response with ${what} is answered with 502 and its connection closed`,
  run: async (stage) => {
    stage.origin.script((x) => x.send(response));
    const answer = await stage.request("/", { method: "POST", body: "x" });
    expect(answer.status).toBe(502);
    // workerd's fetch tells most malformed responses as lost connections.
    const code =
      stage.runtime === "workerd" ? /^(bad-upstream-response|upstream-reset)$/ : /^bad-upstream-response$/;
    expect(JSON.parse(answer.text)).toMatchObject({ code: expect.stringMatching(code) });
    await (await stage.origin.request()).wire.ended();
  },
});

const heads: Case[] = [
  refused("another protocol", `HTTPS/1.1 200 OK\r\n${body}`),
  refused("version 2.0", `HTTP/2.0 200 OK\r\n${body}`),
  refused("version 0.9", `HTTP/0.9 200 OK\r\n${body}`),
  refused("a status of two digits", `HTTP/1.1 20 OK\r\n${body}`),
  refused("a status of four digits", `HTTP/1.1 2000 OK\r\n${body}`),
  refused("a status below 100", `HTTP/1.1 099 OK\r\n${body}`),
  refused("a control character in its reason", `HTTP/1.1 200 O\x01K\r\n${body}`),
  refused("NUL in a value", `${OK}X-A: 1\x002\r\n${body}`),
  refused("a bare carriage return in a value", `${OK}X-A: 1\r2\r\n${body}`),
  refused("a space in a field name", `${OK}X A: 1\r\n${body}`),
  refused("a line without a colon", `${OK}X-A\r\n${body}`),
  refused("an empty field name", `${OK}: 1\r\n${body}`),
];

const framing: Case[] = [
  ["+2", "a signed length"],
  ["0x2", "a hexadecimal length"],
  ["2, 3", "a list of different lengths"],
  ["", "an empty length"],
  ["9".repeat(40), "a length beyond counting"],
].map(([value = "", what = ""]) => refused(what, `${OK}Content-Length: ${value}\r\n\r\nok`));

const CODED = "2\r\nok\r\n0\r\n\r\n";

const codings: Case[] = [
  ["chunked, chunked", "chunked twice"],
  ["identity", "the identity coding"],
  ["chunked, gzip", "gzip behind chunked"],
  ["xchunked", "an unknown coding"],
  ["", "an empty transfer coding"],
].map(([value = "", what = ""]) => refused(what, `${OK}Transfer-Encoding: ${value}\r\n\r\n${CODED}`));

const both: Case[] = [
  refused("chunks in version 1.0", `HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${CODED}`),
  refused("two different lengths", `${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok`),
];

/** The head may be on its way to the client by then. */
const cut = (what: string, chunks: string): Case => ({
  title: `response with ${what} is never completed`,
  run: async (stage) => {
    stage.origin.script((x) => x.send(`${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n${chunks}`));
    const outcome = await stage.request("/", { method: "POST", body: "x" }).then(
      ({ status }) => status,
      () => "cut",
    );
    expect(["cut", 502]).toContain(outcome);
    await (await stage.origin.request()).wire.ended();
  },
});

const chunked: Case[] = [
  ["0x2", "a chunk size in C notation"],
  ["+2", "a signed chunk size"],
  [" 2", "a space before a chunk size"],
  ["", "an empty chunk size"],
  ["2_", "an underscore in a chunk size"],
  ["FFFFFFFFFFFFFFFFF2", "a chunk size beyond counting"],
  [`2;${"a".repeat(200_000)}`, "an over-long extension"],
].map(([size = "", what = ""]) => cut(what, `${size}\r\nok\r\n0\r\n\r\n`));

const chunkEnds: Case[] = [
  cut("a bare line feed behind a chunk size", "2\nok\r\n0\r\n\r\n"),
  cut("more data than a chunk's size", "2\r\nokok\r\n0\r\n\r\n"),
  cut("a malformed trailer", "0\r\nX A: 1\r\n\r\n"),
  cut("endless trailers", `0\r\n${"X-Trailer: 1\r\n".repeat(20_000)}\r\n`),
];

conformance("tolerance of responses", { config: oneUpstream(), cases: tolerated });
conformance("strictness about responses", {
  config: oneUpstream(),
  cases: [...heads, ...framing, ...codings, ...both, ...chunked, ...chunkEnds],
});

const long = (bytes: number): string =>
  `${OK}${`X-Long: ${"a".repeat(990)}\r\n`.repeat(bytes / 1_000)}${body}`;

conformance("header limit of responses", {
  config: ([origin]) => ({
    upstreams: { main: origin, wide: { endpoints: origin, limits: { headerBytes: "200KB" } } },
    routes: [{ match: { path: "/wide" }, upstream: "wide" }, { upstream: "main" }],
  }),
  cases: [
    {
      title: "header section of 60 KB passes by default",
      run: async (stage) => {
        stage.origin.script((x) => x.send(long(60_000)));
        expect((await stage.request("/")).text).toBe("ok");
      },
    },
    {
      title: "header section of 100 KB is answered with 502 by default",
      run: async (stage) => {
        stage.origin.script((x) => x.send(long(100_000)));
        expect((await stage.request("/", { method: "POST", body: "x" })).status).toBe(502);
      },
    },
    {
      title: "header section of 100 KB passes where the upstream's limit allows it",
      run: async (stage) => {
        stage.origin.script((x) => x.send(long(100_000)));
        expect((await stage.request("/wide")).text).toBe("ok");
      },
    },
  ],
});
