import { parse } from "jsonc-parser";
import { describe, expect, test } from "vitest";
import { testGateway } from "../../../runtimes/memory/mod.ts";
import type { ConfigInput } from "../../../src/mod.ts";
import { readSource } from "../../support/sources.ts";

const PAGE = readSource("docs/gateway-api.md");

/** The page's configs by their headings. */
const CONFIGS: ReadonlyMap<string, ConfigInput> = new Map(
  [...PAGE.matchAll(/^### (.+)\n(?:(?!^#|^```)[\s\S])*?^```jsonc\n([\s\S]*?)^```/gm)].map(
    ([, heading = "", text = ""]) => [heading, parse(text, [], { allowTrailingComma: true }) as ConfigInput],
  ),
);

/** What an upstream says about a request, each with the headers that cases ask about. */
const upstream =
  (name: string) =>
  (request: Request): Response => {
    const { pathname, search } = new URL(request.url);
    const told = ["x-user", "x-set", "x-add", "x-gone", "x-track"].map((field) => request.headers.get(field));
    const fields = told.map((value) => value ?? "-").join(" ");
    return new Response(`${name} ${pathname}${search} ${request.headers.get("host")} ${fields}`, {
      headers: { "x-set": "old", "x-add": "one", "x-gone": "here" },
    });
  };

const UPSTREAMS = { v1: "http://v1.test", v2: "http://v2.test" };
const HANGING = { "http://v1.test": () => new Promise<Response>(() => {}) };

const testbed = (
  heading: string,
  upstreams: Parameters<typeof testGateway>[1] = {
    "http://v1.test": upstream("v1"),
    "http://v2.test": upstream("v2"),
  },
): ReturnType<typeof testGateway> =>
  testGateway({ upstreams: UPSTREAMS, ...CONFIGS.get(heading) }, upstreams);

type Case = readonly [request: string, told: string, headers?: Readonly<Record<string, string>>];

/** `told` is the status where it is not 200, a redirect's location, and the beginning of the body. */
const CASES: Readonly<Record<string, readonly Case[]>> = {
  Hosts: [
    ["GET http://shop.test/", "v1 / "],
    ["GET http://WWW.shop.test:8080/", "v1 / "],
    ["GET http://a.b.shop.test/", "v2 / "],
    ["GET http://other.test/", "404"],
  ],
  "Several matches": [
    ["GET http://x.test/a", "v1 /a "],
    ["GET http://x.test/b", "404"],
    ["GET http://x.test/b", "v1 /b ", { version: "2" }],
  ],
  "Exact path": [
    ["GET http://x.test/login?a", "v1 /login?a "],
    ["GET http://x.test/login/", "404"],
    ["GET http://x.test/Login", "404"],
  ],
  "Path prefix": [
    ["GET http://x.test/v1", "v1 /v1 "],
    ["GET http://x.test/v1/", "v1 /v1/ "],
    ["GET http://x.test/v1/x", "v1 /v1/x "],
    ["GET http://x.test/v10", "404"],
  ],
  "Path pattern": [
    ["GET http://x.test/users/7/posts/1", "v1 /users/7/posts/1 v1.test 7 "],
    ["GET http://x.test/users/posts", "404"],
  ],
  "Path expression": [
    ["GET http://x.test/u/7/avatar.png?s=1", "v1 /avatars/7?s=1 "],
    ["GET http://x.test/u/x/avatar.png", "v2 /u/x/avatar.png "],
    ["GET http://x.test/u/7/avatar.png/", "v2 /u/7/avatar.png/ "],
  ],
  Headers: [
    ["GET http://x.test/", "v2 ", { VERSION: "2", accept: "text/html" }],
    ["GET http://x.test/", "404", { version: "2", accept: "image/png" }],
    ["GET http://x.test/", "404", { version: "2", accept: "text/html", "x-debug": "1" }],
    ["GET http://x.test/", "404", { accept: "text/html" }],
  ],
  "Query parameters": [
    ["GET http://x.test/?size=12&animal=whale", "v2 "],
    ["GET http://x.test/?size=12&animal=whale&animal=cat", "v2 "],
    ["GET http://x.test/?size=12&animal=cat&animal=whale", "404"],
    ["GET http://x.test/?size=big&animal=whale", "404"],
  ],
  Method: [
    ["GET http://x.test/read/1", "v1 "],
    ["POST http://x.test/read/1", "405"],
    ["POST http://x.test/else", "404"],
  ],
  Precedence: [
    ["GET http://x.test/", "v1 "],
    ["GET http://x.test/a/x", "prefix"],
    ["GET http://x.test/a/b/x", "longer"],
    ["GET http://x.test/a/b/c", "exact"],
    ["PUT http://x.test/a/x?v=2", "method", { v: "2" }],
    ["GET http://x.test/a/x?v=2", "header", { v: "2" }],
    ["GET http://x.test/a/x?v=2", "query"],
    ["PUT http://b.test/a/b/c", "host"],
  ],
  "Request headers": [
    [
      "GET http://x.test/",
      "v1 / v1.test - new one, more -",
      { "x-set": "old", "x-add": "one", "x-gone": "here" },
    ],
  ],
  "Redirect to a host": [["GET http://x.test/a?b=c", "301 http://new.test/a?b=c"]],
  "Redirect to https": [
    ["GET http://x.test:8080/a", "302 https://x.test/a"],
    ["GET http://x.test/admin/a", "302 https://x.test:8443/admin/a"],
  ],
  "Redirect to a path": [["GET http://x.test/old/a?b", "302 /new?b"]],
  "Redirect of a prefix": [
    ["GET http://x.test/blog/2020?b", "308 /news/2020?b"],
    ["GET http://x.test/blog", "308 /news"],
  ],
  "Rewrite of the host": [["GET http://x.test/a", "v1 /a inner.test "]],
  "Rewrite of the path": [["GET http://x.test/any/a?b", "v1 /one?b "]],
  "Rewrite of a prefix": [
    ["GET http://x.test/api/a", "v1 /v1/a "],
    ["GET http://x.test/api", "v1 /v1 "],
    ["GET http://x.test/raw/a", "v1 /a "],
    ["GET http://x.test/raw", "v1 / "],
  ],
};

const tell = async (heading: string, [line, , headers]: Case): Promise<string> => {
  const [method = "", url = ""] = line.split(" ");
  const response = await testbed(heading).app.request(url, { method, ...(headers && { headers }) });
  if (response.status === 200) return response.text();
  return [response.status, response.headers.get("location")].filter((part) => part !== null).join(" ");
};

describe("a counterpart of HTTPRoute", () => {
  describe.each(Object.entries(CASES))("%s", (heading, cases) => {
    test.each(cases.map((given) => ({ given })))("$given", async ({ given }) => {
      const [, told] = given;
      expect((await tell(heading, given)).slice(0, told.length)).toBe(told);
    });
  });

  test("Method: what is allowed is told", async () => {
    const response = await testbed("Method").app.request("http://x.test/read/1", { method: "PUT" });
    expect(response.headers.get("allow")).toBe("GET, HEAD");
  });

  test("Response headers: set, added and taken out", async () => {
    const { headers } = await testbed("Response headers").app.request("http://x.test/");
    expect([headers.get("x-set"), headers.get("x-add"), headers.get("x-gone")]).toEqual([
      "new",
      "one, more",
      null,
    ]);
  });

  test("Cross-origin requests: preflight answered here, answers marked", async () => {
    const { app } = testbed("Cross-origin requests");
    const origin = "https://app.test";
    const preflight = await app.request("http://x.test/a", {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "PUT" },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-methods")).toBe("GET, PUT");
    const answer = await app.request("http://x.test/a", { headers: { origin } });
    expect(answer.headers.get("access-control-allow-origin")).toBe(origin);
    expect(answer.headers.get("vary")).toBe("origin");
    const other = await app.request("http://x.test/a", { headers: { origin: "https://else.test" } });
    expect(other.headers.get("access-control-allow-origin")).toBeNull();
    expect(other.headers.get("vary")).toBe("origin");
  });

  test("Weights: shares of a route's requests", async () => {
    const { app } = testbed("Weights");
    const counts: Record<string, number> = { v1: 0, v2: 0 };
    for (let i = 0; i < 400; i++) {
      const name = (await (await app.request("http://x.test/")).text()).slice(0, 2);
      counts[name] = (counts[name] ?? 0) + 1;
    }
    expect(counts["v1"]).toBeGreaterThan(270);
    expect(counts["v1"]).toBeLessThan(330);
    for (let i = 0; i < 20; i++) {
      expect(await (await app.request("http://x.test/drained/a")).text()).toMatch(/^v2 /);
    }
  });

  test("Headers of one upstream: both ways", async () => {
    const response = await testbed("Headers of one upstream").app.request("http://x.test/");
    expect(await response.text()).toMatch(/ stable$/);
    expect(response.headers.get("x-served-by")).toBe("v1");
  });

  test.each([
    ["Time for the exchange", 10_000],
    ["Time for the upstream", 2_000],
  ])("%s: 504 after %i ms", async (heading, ms) => {
    const { app, clock } = testbed(heading, HANGING);
    const pending = Promise.resolve(app.request("http://x.test/"));
    let done = false;
    void pending.then(() => {
      done = true;
    });
    await clock.advance(ms - 1);
    expect(done).toBe(false);
    await clock.advance(1);
    expect((await pending).status).toBe(504);
  });
});

describe("docs/gateway-api.md", () => {
  const elsewhere = [
    "Response headers",
    "Cross-origin requests",
    "Weights",
    "Headers of one upstream",
    "Time for the exchange",
    "Time for the upstream",
  ];

  test("has a config that is run under each heading", () => {
    const headings = [...PAGE.matchAll(/^### (.+)$/gm)].map((match) => match[1] ?? "");
    expect([...CONFIGS.keys()]).toEqual(headings);
    expect(headings.toSorted()).toEqual([...Object.keys(CASES), ...elsewhere].toSorted());
  });

  test("links each field to a heading", () => {
    const anchors = [...PAGE.matchAll(/\]\(#([^)]+)\)/g)].map((match) => match[1]);
    const headings = [...CONFIGS.keys()].map((heading) => heading.toLowerCase().replaceAll(" ", "-"));
    expect(new Set(anchors)).toEqual(new Set(headings));
  });
});
