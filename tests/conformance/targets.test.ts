/** What is routed on is what is forwarded; what two servers would read differently is refused. */
import { expect } from "vitest";
import { type Case, conformance } from "../support/suite.ts";

const SEEN_AT = ["chimurai/http-proxy-middleware#1168", "whatwg/url#281"];

const forwards = (what: string, target: string, expected: string): Case => ({
  title: `${what} is forwarded in its one spelling`,
  seenAt: SEEN_AT,
  run: async (stage) => {
    expect((await stage.request(target)).status).toBe(200);
    expect((await stage.origin.request()).head.target).toBe(expected);
  },
});

const refuses = (what: string, target: string): Case => ({
  title: `${what} is rejected with 400`,
  seenAt: SEEN_AT,
  run: async (stage) => {
    expect((await stage.request(target)).status).toBe(400);
    expect(stage.origin.seen).toEqual([]);
  },
});

/** However it is spelt, it must not arrive behind `/admin` at the origin. */
const neverSlipsPast = (spelling: string): Case => ({
  title: `closed path spelt ${spelling} does not slip past its rule`,
  seenAt: SEEN_AT,
  run: async (stage) => {
    const { status } = await stage.request(spelling);
    expect([400, 403]).toContain(status);
    expect(stage.origin.exchanges.map(({ head }) => head.target)).toEqual([]);
  },
});

const cases: Case[] = [
  forwards("plain target", "/a/b.c?x=1&y=%20", "/a/b.c?x=1&y=%20"),
  forwards("escape of an unreserved character", "/%7euser/%41", "/~user/A"),
  forwards("lower-case escape", "/%c3%a9%3b", "/%C3%A9%3B"),
  forwards("dot segment", "/a/./b", "/a/b"),
  forwards("double dot segment", "/a/../b", "/b"),
  forwards("double dot segment above the root", "/../../b", "/b"),
  forwards("escaped dot segment", "/a/%2e%2E/b", "/b"),
  forwards("trailing dot segment", "/a/b/..", "/a/"),
  forwards("empty segment in the middle", "/a//b", "/a//b"),
  forwards("reserved characters", "/a;v=1/b,c/d@e:f/(g)!$&'*+=", "/a;v=1/b,c/d@e:f/(g)!$&'*+="),
  forwards("query with its own rules", "/a?b=../c&d=%2F%2f%5c%00&e=/?&&", "/a?b=../c&d=%2F%2f%5c%00&e=/?&&"),
  forwards("query with brackets, braces and pipes", "/a?b[]=1&c=x|{y}", "/a?b[]=1&c=x|{y}"),
  forwards("query with quotes", "/a?b='x'", "/a?b='x'"),
  forwards("query of nothing", "/a?", "/a?"),
  forwards("path with brackets and a pipe escaped", "/a%5B%5D%7C", "/a%5B%5D%7C"),
  refuses("encoded slash", "/a%2fb"),
  refuses("encoded backslash", "/a%5Cb"),
  refuses("raw backslash", "/a\\b"),
  refuses("encoded NUL", "/a%00b"),
  refuses("encoded line feed", "/a%0ab"),
  refuses("double encoding of a slash", "/a%252fb"),
  refuses("double encoding of a dot", "/a%252e%252e/b"),
  refuses("malformed escape", "/a%zz"),
  refuses("cut escape", "/a%2"),
  refuses("dot segment behind a parameter", "/a/..;/b"),
  refuses("target that starts with two slashes", "//evil.test/x"),
  refuses("fragment", "/a#b"),
  neverSlipsPast("/public/../admin/x"),
  neverSlipsPast("/public/%2e%2e/admin/x"),
  neverSlipsPast("/%61dmin/x"),
  neverSlipsPast("/./admin/x"),
  neverSlipsPast("/public/..%2fadmin/x"),
  neverSlipsPast("/public\\..\\admin/x"),
  neverSlipsPast("/public/..;/admin/x"),
  neverSlipsPast("/%2561dmin/x"),
  neverSlipsPast("/admin"),
  {
    title: "OPTIONS of the whole server is answered without a crash",
    run: async (stage) => {
      const client = await stage.client();
      await client.send("OPTIONS * HTTP/1.1\r\nHost: example.test\r\n\r\n");
      const { status } = await client.response();
      expect(status).toBeGreaterThanOrEqual(200);
      expect(status).toBeLessThan(500);
    },
  },
  {
    title: "OPTIONS of the whole server never reaches an origin",
    run: async (stage) => {
      const response = await stage.raw("OPTIONS * HTTP/1.1\r\nHost: example.test\r\n\r\n");
      expect([204, 400]).toContain(response.status);
      expect(stage.origin.seen).toEqual([]);
    },
  },
];

conformance("targets", {
  config: ([origin]) => ({
    upstreams: { main: origin },
    routes: [{ match: { path: "/admin/*" }, respond: { status: 403 } }, { upstream: "main" }],
  }),
  cases,
});
