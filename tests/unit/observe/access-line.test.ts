import { describe, expect, test } from "vitest";
import { ProxyError } from "../../../src/core/errors.ts";
import { type AccessFormat, accessLine } from "../../../src/observe/access-line.ts";
import { redaction } from "../../../src/observe/redaction.ts";
import type { ExchangeReport } from "../../../src/core/telemetry.ts";
import { lineBy } from "../../support/lines.ts";
import { attemptTrace, exchangeReport, requestHead } from "../../support/report.ts";

const EPOCH = Date.UTC(2026, 10, 27, 23, 59, 59, 7);

const lineOf = (
  format: AccessFormat,
  report: Partial<ExchangeReport> = {},
  headers: readonly string[] = [],
): string =>
  lineBy((buffer) =>
    accessLine({ format, redaction: redaction({ query: [], params: ["*"], headers: [] }), headers })(
      buffer,
      exchangeReport(report),
      EPOCH,
    ),
  );

const refused = new ProxyError("connect-failed", {
  detail: "could not connect: connection refused",
  cause: Object.assign(new Error("connect ECONNREFUSED 10.0.0.1, token hunter2"), { code: "ECONNREFUSED" }),
});

const fields = ["User-Agent", 'curl "8"', "Referer", "https://u:p@a.example/?token=x", "X-Tenant", "t1"];

describe("access line", () => {
  test("as JSON holds what happened, where, and how long each part took", () => {
    expect(JSON.parse(lineOf("json", { head: requestHead({ fields }) }, ["x-tenant"]))).toEqual({
      time: "2026-11-27T23:59:59.007Z",
      level: "info",
      event: "request",
      status: 200,
      method: "GET",
      target: "/a",
      durationMs: 30.5,
      route: "api",
      upstream: "main",
      endpoint: "http://10.0.0.1:3000",
      attempts: 1,
      queueMs: 1,
      connectMs: 2,
      firstByteMs: 12,
      bodyMs: 15.5,
      bytesIn: 5,
      bytesOut: 12,
      client: "192.0.2.1",
      scheme: "http",
      host: "example.test",
      protocol: "HTTP/1.1",
      userAgent: 'curl "8"',
      referer: "https://***@a.example/?token=***",
      "header.x-tenant": "t1",
      requestId: "id-1",
    });
  });

  test("of a 502 tells the cause: endpoint, phase, code, our sentence, attempts; and nothing that a runtime says", () => {
    const first = attemptTrace({ url: "http://10.0.0.2:3000", error: new ProxyError("connect-timeout") });
    const last = attemptTrace({ error: refused, previous: first });
    const line = lineOf("json", { status: 502, error: refused, attempts: 2, last });
    expect(JSON.parse(line)).toMatchObject({
      level: "error",
      status: 502,
      code: "connect-failed",
      error: "could not connect: connection refused (ECONNREFUSED)",
      endpoint: "http://10.0.0.1:3000",
      attempts: 2,
      tried: "http://10.0.0.2:3000 connect-timeout 19ms",
    });
    expect(line).not.toContain("hunter2");
  });

  test("tells a response that was given up for another attempt by its status", () => {
    const first = attemptTrace({ status: 503, error: new ProxyError("discarded") });
    const last = attemptTrace({ status: 200, previous: first });
    expect(JSON.parse(lineOf("json", { attempts: 2, last }))).toMatchObject({
      tried: "http://10.0.0.1:3000 503 19ms",
    });
  });

  test("leaves out what there is not", () => {
    const nothing = {
      route: undefined,
      upstream: undefined,
      endpoint: undefined,
      last: undefined,
      attempts: 0,
    };
    const keys = Object.keys(
      JSON.parse(
        lineOf("json", { ...nothing, host: undefined, error: new ProxyError("bad-request") }),
      ) as object,
    );
    expect(keys).not.toEqual(expect.arrayContaining(["route"]));
    expect(keys).toEqual(expect.arrayContaining(["status", "code", "error", "requestId"]));
  });

  test("as text has the same facts as pairs", () => {
    expect(lineOf("text", { head: requestHead({ fields }) })).toBe(
      '2026-11-27T23:59:59.007Z info    event=request status=200 method=GET target=/a durationMs=30.5 route=api upstream=main endpoint=http://10.0.0.1:3000 attempts=1 queueMs=1 connectMs=2 firstByteMs=12 bodyMs=15.5 bytesIn=5 bytesOut=12 client=192.0.2.1 scheme=http host=example.test protocol=HTTP/1.1 userAgent="curl \\"8\\"" referer=https://***@a.example/?token=*** requestId=id-1',
    );
  });

  test("as common and combined is what Apache and nginx write", () => {
    const head = requestHead({ fields });
    expect(lineOf("common", { head })).toBe(
      '192.0.2.1 - - [27/Nov/2026:23:59:59 +0000] "GET /a HTTP/1.1" 200 12',
    );
    expect(lineOf("combined", { head })).toBe(
      '192.0.2.1 - - [27/Nov/2026:23:59:59 +0000] "GET /a HTTP/1.1" 200 12 "https://***@a.example/?token=***" "curl \\x228\\x22"',
    );
    expect(lineOf("combined", { client: "", method: "" })).toBe(
      '- - - [27/Nov/2026:23:59:59 +0000] "" 200 12 "-" "-"',
    );
  });
});
