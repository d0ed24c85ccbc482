import { describe, expect, test } from "vitest";
import { ManualClock } from "../../../runtimes/memory/clock.ts";
import { seededRandom } from "../../../runtimes/memory/random.ts";
import { ProxyError } from "../../../src/core/errors.ts";
import { outputByLine } from "../../../src/core/log-output.ts";
import type { ExchangeReport } from "../../../src/core/telemetry.ts";
import { type AccessLogOptions, accessLog } from "../../../src/observe/access-log.ts";
import { exchangeReport } from "../../support/report.ts";

interface Log {
  readonly lines: string[];
  readonly leftOut: number[];
  readonly clock: ManualClock;
  readonly add: (more?: Partial<ExchangeReport>) => void;
}

const log = (options: Partial<AccessLogOptions> = {}): Log => {
  const lines: string[] = [];
  const leftOut: number[] = [];
  const clock = new ManualClock();
  const ended = accessLog({
    requests: "all",
    line: (buffer, { requestId, status }) => buffer.addText(`${requestId} ${status}`),
    output: outputByLine((line) => void lines.push(line)),
    sample: 1,
    perSecond: Number.POSITIVE_INFINITY,
    clock,
    random: seededRandom(7),
    leftOut: (count) => void leftOut.push(count),
    ...options,
  });
  return { lines, leftOut, clock, add: (more) => ended(exchangeReport(more)) };
};

const FAILED = { status: 502, error: new ProxyError("connect-failed") };
const CLIENTS = { status: 400, error: new ProxyError("bad-request") };

describe("access log", () => {
  test("of failures leaves out success and what clients got wrong", () => {
    const { lines, add } = log({ requests: "failed" });
    for (const one of [{}, CLIENTS, { status: 500 }, FAILED]) add(one);
    expect(lines).toEqual(["id-1 502"]);
  });

  test("of all holds each of them", () => {
    const { lines, add } = log();
    for (const one of [{}, CLIENTS, { status: 500 }, FAILED]) add(one);
    expect(lines).toEqual(["id-1 200", "id-1 400", "id-1 500", "id-1 502"]);
  });

  test("samples success alone", () => {
    const { lines, add } = log({ sample: 0.1 });
    for (let i = 0; i < 1_000; i++) add();
    for (let i = 0; i < 10; i++) for (const one of [CLIENTS, { status: 500 }, FAILED]) add(one);
    expect(lines.filter((line) => line.endsWith("200")).length).toBeGreaterThan(60);
    expect(lines.filter((line) => line.endsWith("200")).length).toBeLessThan(140);
    expect(lines.filter((line) => !line.endsWith("200"))).toHaveLength(30);
  });

  test("counts the lines beyond a second's, and says so within the second", async () => {
    const { lines, leftOut, clock, add } = log({ perSecond: 20 });
    for (let i = 0; i < 25; i++) add();
    expect([lines.length, leftOut]).toEqual([20, []]);
    await clock.advance(1_000);
    expect(leftOut).toEqual([5]);
    add();
    expect(lines).toHaveLength(21);
  });

  test("says how many it left out with the next line where timers end with requests", () => {
    const deaf = new ManualClock();
    let now = 0;
    const { leftOut, add } = log({
      perSecond: 1,
      clock: { now: () => now, epoch: () => now, after: (ms, task) => deaf.after(ms, task) },
    });
    for (let i = 0; i < 3; i++) add();
    now = 1_500;
    add();
    expect(leftOut).toEqual([2]);
  });
});
