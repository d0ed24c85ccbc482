import { describe, expect, test } from "vitest";
import { explainRoutes } from "../../../src/routing/explain.ts";
import type { RouteMatch } from "../../../src/routing/match.ts";
import { exactly, expression, match, present, regex, request } from "./request.ts";

const explain = (matches: readonly RouteMatch[], parts: Parameters<typeof request>[0] = {}) =>
  explainRoutes(
    matches.map((match) => ({ match })),
    request(parts),
  );

describe("explainRoutes", () => {
  test("says that a path does not match an expression, and which one outranks", () => {
    const routes = [match({ path: expression("/\\d+") }), match({ path: "/1/*" }), match({ path: "/1" })];
    const reasons = (target: string): unknown =>
      explainRoutes(
        routes.map((it) => ({ match: it })),
        request({ target }),
      ).verdicts.map(({ reason }) => reason);
    expect(reasons("/a")).toEqual([
      "path /a does not match regex /\\d+",
      "path /a is not under /1",
      "path /a is not /1",
    ]);
    expect(reasons("/1")).toEqual([
      "matches, but path regex /\\d+ is less specific than /1",
      "matches, but path /1/* is less specific than /1",
      "the most specific match",
    ]);
  });

  test("says which redirect was passed over", () => {
    const { chosen, verdicts } = explainRoutes(
      [match(), match()].map((it) => ({ match: it })),
      request(),
      (index) => index === 0,
    );
    expect(chosen).toBe(1);
    expect(verdicts[0]).toEqual({
      index: 0,
      outcome: "passed-over",
      reason: "matches, but redirects to the URL that was asked for",
    });
  });

  test.each([
    [{ hosts: ["a.example"] }, {}, "host shop.example is not a.example"],
    [{ hosts: ["a.b", "*.c", "d"] }, { host: "" }, "host (none) is not a.b, *.c or d"],
    [{ path: "/v2/*" }, { target: "/v1/x" }, "path /v1/x is not under /v2"],
    [{ path: "/a" }, { target: "/a/" }, "path /a/ is not /a"],
    [{ path: "/u/:id" }, { target: "/u/" }, "path /u/ does not fit /u/:id"],
    [{ methods: ["PUT", "POST"], headers: [present("x")] }, {}, "method GET is not PUT or POST"],
    [
      { headers: [exactly("x-env", "prod")] },
      { pairs: ["X-Env", "test"] },
      'header "x-env" is "test", not "prod"',
    ],
    [{ headers: [present("x")] }, {}, 'header "x" is missing'],
    [
      { query: [regex("q", "^a")] },
      { target: "/?q=b" },
      'query parameter "q" is "b", which does not match /^a/',
    ],
    [{ cookies: [present("c", false)] }, { pairs: ["cookie", "c=1"] }, 'cookie "c" is there and must not be'],
  ] as const)("says what fails first: %j on %j", (parts, asked, reason) => {
    expect(explain([match(parts)], asked)).toEqual({
      kind: "no-route",
      chosen: undefined,
      allow: [],
      verdicts: [{ index: 0, outcome: "unmatched", reason }],
    });
  });

  test.each([
    [{ hosts: ["*.example"] }, "host *.example is less specific than shop.example"],
    [{}, "host any is less specific than shop.example"],
    [{ hosts: ["shop.example"], path: "/*" }, "path /* is less specific than /a"],
    [{ hosts: ["shop.example"], path: "/:x" }, "path /:x is less specific than /a"],
    [{ hosts: ["shop.example"], path: "/a" }, "names no method where the chosen one names GET"],
    [{ hosts: ["shop.example"], path: "/a", methods: ["GET"] }, "on fewer headers (0, not 1)"],
  ])("says why %j is outranked", (parts, reason) => {
    const best = match({ hosts: ["shop.example"], path: "/a", methods: ["GET"], headers: [present("x")] });
    const { chosen, verdicts } = explain([match(parts), best], { target: "/a", pairs: ["x", "1"] });
    expect(chosen).toBe(1);
    expect(verdicts).toEqual([
      { index: 0, outcome: "outranked", reason: `matches, but ${reason}` },
      { index: 1, outcome: "chosen", reason: "the most specific match" },
    ]);
  });

  test.each([
    [{ query: [present("q")] }, {}, "GET", "matches, but on fewer query parameters (0, not 1)"],
    [{ cookies: [present("c")] }, {}, "GET", "matches, but on fewer cookies (0, not 1)"],
    [{}, {}, "GET", "matches as specifically, but stands later in the config"],
    [{ methods: ["HEAD"] }, { methods: ["GET"] }, "HEAD", "matches, but takes HEAD only by way of GET"],
  ])("says why %j comes before %j for %s", (best, other, method, reason) => {
    const asked = { method, target: "/?q", pairs: ["cookie", "c=1"] };
    expect(explain([match(best), match(other)], asked).verdicts[1]?.reason).toBe(reason);
  });

  test("lists the methods that would be taken", () => {
    const result = explain([match({ methods: ["GET"] }), match({ methods: ["PUT"] })], { method: "POST" });
    expect(result).toMatchObject({ kind: "method-not-allowed", allow: ["GET", "HEAD", "PUT"] });
    expect(result.verdicts[1]).toMatchObject({ outcome: "other-method", reason: "method POST is not PUT" });
  });
});
