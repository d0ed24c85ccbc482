import { describe, expect, test, vi } from "vitest";
import { failureTelemetry } from "../../../runtimes/failure-log.ts";
import { ManualClock } from "../../../runtimes/memory/clock.ts";
import { ProxyError } from "../../../src/core/errors.ts";
import type { ExchangeReport } from "../../../src/core/telemetry.ts";
import { requestHead } from "../../support/head.ts";

const report = (more: Partial<ExchangeReport> = {}): ExchangeReport => ({
  requestId: "id-1",
  method: "GET",
  target: "/a?token=secret",
  head: requestHead(),
  params: {},
  client: "192.0.2.1",
  route: "api",
  upstream: "main",
  endpoint: "http://10.0.0.1:3000",
  attempts: 1,
  isTunnel: false,
  status: 502,
  error: new ProxyError("connect-failed", { detail: "connection refused" }),
  bytesSent: 0,
  startedAt: 0,
  endedAt: 1,
  ...more,
});

const log = (): {
  readonly lines: string[];
  readonly clock: ManualClock;
  readonly add: (report: ExchangeReport) => void;
} => {
  const lines: string[] = [];
  const clock = new ManualClock();
  const telemetry = failureTelemetry({}, clock, (line) => void lines.push(line));
  return { lines, clock, add: (one) => telemetry.exchangeEnded?.(one) };
};

describe("failure log", () => {
  test("tells what upstreams decide by themselves, and nothing for each request", () => {
    const lines: string[] = [];
    const telemetry = failureTelemetry({}, new ManualClock(), (line) => void lines.push(line));
    const of = { upstream: "main", endpoint: "http://10.0.0.1:3000" };
    telemetry.upstreamEvent?.({ ...of, kind: "breaker", to: "open", reason: "5 failures in a row" });
    telemetry.upstreamEvent?.({ ...of, kind: "retried", reason: "503" });
    telemetry.upstreamEvent?.({ upstream: "main", kind: "panic" });
    expect(lines).toEqual([
      '1970-01-01T00:00:00.000Z upstream "main": circuit breaker of http://10.0.0.1:3000 is open (5 failures in a row)',
    ]);
  });

  test("leaves upstreams' events to whoever asks for them", () => {
    const lines: string[] = [];
    const kinds: string[] = [];
    const onUpstreamEvent = ({ kind }: { readonly kind: string }): void => void kinds.push(kind);
    const telemetry = failureTelemetry(
      { onUpstreamEvent },
      new ManualClock(),
      (line) => void lines.push(line),
    );
    telemetry.upstreamEvent?.({ upstream: "main", kind: "panic" });
    expect([kinds, lines]).toEqual([["panic"], []]);
  });

  test("says when, what happened to which request, where and why", () => {
    const { lines, add } = log();
    add(report());
    expect(lines).toEqual([
      expect.stringMatching(
        /^\d{4}-\d\d-\d\dT[\d:.]+Z connect-failed GET \/a id=id-1 route="api" upstream="main" endpoint=http:\/\/10\.0\.0\.1:3000: connection refused$/,
      ),
    ]);
  });

  test("shows neither queries, nor values of path parameters, nor what a runtime says", () => {
    const { lines, add } = log();
    const cause = Object.assign(new Error("fetch https://u:hunter2@x/?token=secret failed"), {
      code: "ECONNRESET",
    });
    add(
      report({
        target: "/users/hunter2/posts?token=secret",
        params: { user: "hunter2" },
        error: new ProxyError("upstream-reset", { detail: "connection lost", cause }),
      }),
    );
    expect(lines[0]).toContain("GET /users/:user/posts ");
    expect(lines[0]).toMatch(/: connection lost \(ECONNRESET\)$/);
    expect(lines.join("\n")).not.toMatch(/secret|hunter2/);
  });

  test("escapes what could forge another line", () => {
    const { lines, add } = log();
    add(report({ method: "GE\nT", target: "/a\r\n2026 forged" }));
    expect(lines[0]).not.toMatch(/[\r\n]/);
  });

  test("leaves out mistakes of clients and exchanges that went well", () => {
    const { lines, add } = log();
    add(report({ error: new ProxyError("bad-request") }));
    add(report({ error: undefined, status: 200 }));
    expect(lines).toEqual([]);
  });

  test("counts what it does not show, and says so within a second", async () => {
    const { lines, clock, add } = log();
    for (let i = 0; i < 25; i++) add(report());
    expect(lines.length).toBe(20);
    await clock.advance(1_000);
    expect(lines.at(-1)).toBe("5 more failures not shown");
    add(report());
    expect(lines.length).toBe(22);
  });

  test("gives way to onFailure, which hears of clients' mistakes too", () => {
    const onFailure = vi.fn<(report: ExchangeReport) => void>();
    const telemetry = failureTelemetry({ onFailure }, new ManualClock(), () => {
      throw new Error("no line is written");
    });
    const failed = report({ error: new ProxyError("bad-request") });
    telemetry.exchangeEnded?.(failed);
    telemetry.exchangeEnded?.(report({ error: undefined }));
    expect(onFailure.mock.calls).toEqual([[failed]]);
  });
});
