import { describe, expect, test } from "vitest";
import { ManualClock } from "../../../runtimes/memory/clock.ts";
import { outputByLine } from "../../../src/core/log-output.ts";
import { EventLog, type EventLogOptions } from "../../../src/observe/event-log.ts";
import { upstreamLog } from "../../../src/observe/upstream-log.ts";
import { itemsLost } from "../../../src/telemetry-events.ts";

const log = (
  options: Partial<EventLogOptions> = {},
): { readonly lines: string[]; readonly events: EventLog } => {
  const lines: string[] = [];
  const output = outputByLine((line) => void lines.push(line));
  const clock = new ManualClock();
  return {
    lines,
    events: new EventLog({ output, format: "json", level: "info", levels: {}, clock, ...options }),
  };
};

const at = { upstream: "main", endpoint: "http://10.0.0.1:3000" };

describe("event log", () => {
  test("writes an event as JSON or text", () => {
    const event = {
      category: "server",
      level: "info",
      message: "listening",
      facts: { port: 80, host: undefined, where: "a b" },
    } as const;
    const [json, text] = [log(), log({ format: "text" })];
    json.events.emit(event);
    text.events.emit(event);
    expect(json.lines).toEqual([
      '{"time":"1970-01-01T00:00:00.000Z","level":"info","event":"server","message":"listening","port":80,"where":"a b"}',
    ]);
    expect(text.lines).toEqual([
      '1970-01-01T00:00:00.000Z info    event=server message=listening port=80 where="a b"',
    ]);
  });

  test("makes records of events, but of none that tells of the loss of records", () => {
    const recorded: string[] = [];
    const { lines, events } = log({ record: ({ message }) => void recorded.push(message) });
    for (const event of [itemsLost("traces", 2), itemsLost("logs", 2)]) events.emit(event);
    expect(lines).toHaveLength(2);
    expect(recorded).toEqual([expect.stringContaining("traces")]);
  });

  test("asks the level of the nearest category, which may change", () => {
    const { lines, events } = log({ level: "error", levels: { upstream: "info", "upstream.health": "off" } });
    const emit = (category: string): void => {
      events.emit({ category, level: "warning", message: category });
    };
    const written = (): unknown[] =>
      lines.splice(0).map((line) => (JSON.parse(line) as { event: unknown }).event);
    for (const category of ["server", "upstream.breaker", "upstream.health", "upstream.health.http"])
      emit(category);
    expect(written()).toEqual(["upstream.breaker"]);
    events.setLevel("upstream", "off");
    events.setLevel("", "debug");
    for (const category of ["server", "upstream.breaker", "upstream.health"]) emit(category);
    expect(written()).toEqual(["server"]);
  });

  test("tells what upstreams decide, each at its level", () => {
    const { lines, events } = log();
    const tell = upstreamLog(events, new ManualClock());
    tell({ ...at, kind: "breaker", to: "open", reason: "5 failures in a row" });
    tell({ ...at, kind: "health", change: "up", reason: "200" });
    tell({ ...at, kind: "retried", reason: "503" });
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      {
        level: "warning",
        event: "upstream.breaker",
        message: 'upstream "main": circuit breaker of http://10.0.0.1:3000 is open (5 failures in a row)',
        ...at,
      },
      { level: "info", event: "upstream.health" },
    ]);
  });

  test("tells what goes with every request once a second, with the number of those before", async () => {
    const { lines, events } = log();
    const clock = new ManualClock();
    const tell = upstreamLog(events, clock);
    const spent = { kind: "retry-over-budget", reason: "503", ...at } as const;
    for (let i = 0; i < 5; i++) tell(spent);
    tell({ ...spent, upstream: "other" });
    await clock.advance(1_000);
    tell(spent);
    expect(lines.map((line) => (JSON.parse(line) as { repeated?: number }).repeated)).toEqual([
      undefined,
      undefined,
      4,
    ]);
  });
});
