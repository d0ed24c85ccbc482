/** Whatever clients and upstreams send: a line stays one line, forges no field, steers no terminal, and reads back the same. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ProxyError } from "../../src/core/errors.ts";
import type { ExchangeReport } from "../../src/core/telemetry.ts";
import { type AccessFormat, accessLine } from "../../src/observe/access-line.ts";
import { JsonLines, type LineWriter, PairLines, fact } from "../../src/observe/line-writer.ts";
import { redaction } from "../../src/observe/redaction.ts";
import { lineBy } from "../support/lines.ts";
import { exchangeReport, requestHead } from "../support/report.ts";

/** Anything, and often what could do harm. */
const hostile = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc
    .array(
      fc.constantFrom(
        "\n",
        "\r",
        "\0",
        "\u001b[2J",
        "\u009b1m",
        "\u2028",
        "\u2029",
        "\u0085",
        "\u202e",
        "\ufeff",
        '"',
        "\\",
        " ",
        "=",
        "status=200",
        '","level":"info',
        "%0a",
        "é",
        "😀",
        "\ud800",
        "a",
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join("")),
);
/** As fields of HTTP/1.1 come in: one character a byte. */
// oxlint-disable-next-line no-control-regex -- latin1 is meant
const latin1 = hostile.map((text) => text.replaceAll(/[^\u0000-\u00ff]/g, "?"));

const report = fc
  .record({
    method: latin1,
    target: latin1,
    agent: latin1,
    referer: latin1,
    tenant: latin1,
    route: hostile,
    host: latin1,
    id: hostile,
    detail: hostile,
  })
  .map(({ method, target, agent, referer, tenant, route, host, id, detail }): ExchangeReport =>
    exchangeReport({
      method,
      target,
      routedTarget: undefined,
      route,
      host,
      requestId: id,
      status: 502,
      error: new ProxyError("connect-failed", { detail }),
      head: requestHead({ target, fields: ["User-Agent", agent, "Referer", referer, "X-Tenant", tenant] }),
    }),
  );

const SHOWN = redaction({ query: [], params: ["*"], headers: [] });
const lineOf = (format: AccessFormat, one: ExchangeReport): string =>
  lineBy((buffer) => accessLine({ format, redaction: SHOWN, headers: ["x-tenant"] })(buffer, one, 0));

// oxlint-disable-next-line no-control-regex -- control characters are what must not be there
const HARMFUL = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]/;

/** Pairs of a line of text, read by its grammar alone. */
const pairsOf = (line: string): Record<string, string> => {
  const pairs: Record<string, string> = {};
  let rest = line;
  while (rest !== "") {
    const match = /^ ([A-Za-z.-]+)=("(?:[^"\\]|\\.)*"|[^ "]+)/.exec(rest);
    if (match === null) throw new Error(`no pair at ${JSON.stringify(rest)}`);
    const [whole, key = "", value = ""] = match;
    if (Object.hasOwn(pairs, key)) throw new Error(`${key} stands twice`);
    pairs[key] = value.startsWith('"') ? (JSON.parse(value) as string) : value;
    rest = rest.slice(whole.length);
  }
  return pairs;
};

const unescaped = (text: string): string =>
  text.replaceAll(/\\x([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));

const eventLine = (lines: LineWriter, facts: Readonly<Record<string, string>>): string =>
  lineBy((buffer) => {
    lines.begin(buffer, "t", "info");
    for (const [name, value] of Object.entries(facts)) lines.text(fact(name), value);
    lines.end();
  });

describe("log lines", () => {
  test.each(["json", "text", "common", "combined"] as const)(
    "as %s hold nothing but printable text",
    (format) => {
      fc.assert(
        fc.property(report, (one) => {
          expect(lineOf(format, one)).not.toMatch(HARMFUL);
        }),
      );
    },
  );

  test("as JSON read back the same", () => {
    fc.assert(
      fc.property(report, (one) => {
        const { fields } = one.head;
        expect(JSON.parse(lineOf("json", one))).toMatchObject({
          event: "request",
          level: "error",
          status: 502,
          method: one.method,
          target: SHOWN.target(one),
          route: one.route,
          host: one.host,
          requestId: one.requestId,
          code: "connect-failed",
          userAgent: fields[1],
          "header.x-tenant": fields[5],
        });
      }),
    );
  });

  test("as text read back the same", () => {
    fc.assert(
      fc.property(report, (one) => {
        const line = lineOf("text", one);
        expect(line).toMatch(/^1970-01-01T00:00:00\.000Z error {3}event=request /);
        expect(pairsOf(line.slice(32))).toMatchObject({
          event: "request",
          status: "502",
          method: one.method,
          target: SHOWN.target(one),
          route: one.route,
          requestId: one.requestId,
          userAgent: one.head.fields[1],
          "header.x-tenant": one.head.fields[5],
        });
      }),
    );
  });

  test("as combined read back the same", () => {
    const pattern = /^(\S+) - - \[([^\]]+)\] "([^"]*)" (\d{3}) (\d+) "([^"]*)" "([^"]*)"$/;
    fc.assert(
      fc.property(report, (one) => {
        const [, client, time, request = "", status, bytes, referer = "", agent = ""] =
          pattern.exec(lineOf("combined", { ...one, method: "GET" })) ?? [];
        expect([client, time, status, bytes]).toEqual([
          "192.0.2.1",
          "01/Jan/1970:00:00:00 +0000",
          "502",
          "12",
        ]);
        expect(unescaped(request)).toBe(`GET ${SHOWN.target(one)} HTTP/1.1`);
        expect(unescaped(referer)).toBe(SHOWN.url(one.head.fields[3] ?? ""));
        expect(unescaped(agent)).toBe(one.head.fields[1]);
      }),
    );
  });

  test("of events read back the same", () => {
    fc.assert(
      fc.property(hostile, hostile, (message, detail) => {
        const [asJson, asText] = [new JsonLines(), new PairLines()].map((lines) =>
          eventLine(lines, { message, fact: detail }),
        ) as [string, string];
        expect(JSON.parse(asJson)).toMatchObject({ message, fact: detail });
        expect(pairsOf(asText.slice("t info   ".length))).toEqual({ message, fact: detail });
        expect(asJson + asText).not.toMatch(HARMFUL);
      }),
    );
  });

  test("are the same each time that the same is written", () => {
    fc.assert(
      fc.property(hostile, hostile, (one, other) => {
        const name = fact("fact");
        for (const lines of [new JsonLines(), new PairLines()]) {
          const [first, ...more] = [one, one, one, other, one].map((value) =>
            lineBy((buffer) => {
              lines.begin(buffer, "t", "info");
              lines.text(name, value);
              lines.end();
            }),
          );
          expect([more[0], more[1], more[3]]).toEqual([first, first, first]);
        }
      }),
    );
  });

  test("never hold a secret, wherever in a target it stands under a name that says so", () => {
    const name = fc.constantFrom("token", "api_key", "%74oken", "Session", "x-secret", "PASSWORD");
    const secret = fc.stringMatching(/^[A-Z]{8,12}$/);
    const around = fc.stringMatching(/^[a-z0-9/._~-]{0,10}$/);
    const place = fc.constantFrom(
      (n: string, s: string, a: string) => `/${a}?${n}=${s}`,
      (n: string, s: string, a: string) => `/${a}?x=${a}&${n}=${s}&y`,
      (n: string, s: string, a: string) => `/${a}?url=${encodeURIComponent(`/b?${n}=${s}`)}`,
      (n: string, s: string, a: string) => `/${a};${n}=${s}/x`,
      (_: string, s: string, a: string) => `http://user:${s}@host/${a}`,
    );
    fc.assert(
      fc.property(name, secret, around, place, (n, s, a, at) => {
        const target = at(n, s, a);
        const one = exchangeReport({
          target,
          routedTarget: undefined,
          head: requestHead({ target, fields: ["Referer", target] }),
        });
        for (const format of ["json", "text", "combined"] as const)
          expect(lineOf(format, one)).not.toContain(s);
      }),
    );
  });
});
