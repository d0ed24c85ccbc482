/** Answers that a collector gives to accepted requests, and others that some server gives in its place. */
import { describe, expect, test } from "vitest";
import { ManualClock } from "../../runtimes/memory/clock.ts";
import { seededRandom } from "../../runtimes/memory/random.ts";
import { MetricPush } from "../../src/metric-push.ts";
import { ProxyMetrics } from "../../src/observe/proxy-metrics.ts";
import { logEncoding, spanEncoding } from "../../src/otlp-records.ts";
import { rejectedItems } from "../../src/otlp/collector-answer.ts";
import { instrumentOf, valueIn } from "../support/metrics.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const PROTOCOLS = ["http/json", "http/protobuf"] as const;

/** Which of the protocols can read it. */
const ANSWERS: readonly (readonly [name: string, body: Uint8Array, readable: readonly string[]])[] = [
  ["nothing", bytes(""), PROTOCOLS],
  ["an empty object", bytes("{}"), ["http/json"]],
  ["no partial success", bytes('{"partialSuccess":null}'), ["http/json"]],
  ["OK", bytes("OK"), []],
  ["a page", bytes("<html>"), []],
  ["JSON's null", bytes("null"), []],
  ["a text", bytes('"x"'), []],
  ["a text as partial success", bytes('{"partialSuccess":"all"}'), []],
  ["a length without end", Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f), []],
  ["a message that breaks off", Uint8Array.of(0x0a, 0x05, 0x08), []],
  ["no UTF-8", Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x7f, 1, 2), []],
  [
    "numbers that count nothing",
    bytes('{"partialSuccess":{"rejectedDataPoints":"-5","rejectedSpans":"x","rejectedLogRecords":-3}}'),
    [],
  ],
];

describe.each(PROTOCOLS)("answer by %s", (protocol) => {
  const options = { protocol, resource: {}, version: "1" };

  test.each(ANSWERS)("that is %s ends no push", async (_, body, readable) => {
    const clock = new ManualClock();
    const metrics = new ProxyMetrics({ epoch: () => clock.epoch() });
    metrics.registry.sum(instrumentOf(), ["a", 1]).add(1);
    let unreadable = 0;
    const push = new MetricPush({
      metrics,
      resource: {},
      url: "http://collector/",
      otlp: { headers: {}, protocol, queueBytes: 1e6, timeoutMs: 1_000 },
      clock,
      random: seededRandom(1),
      send: async () => ({ status: 200, retryAfter: undefined, body }),
      isBackground: true,
      intervalMs: 1_000,
      temporality: "delta",
      unreadable: () => void (unreadable += 1),
    });
    await push.push();
    await push.push();
    expect(valueIn(metrics.registry, "fairlead.telemetry.queued", ["metrics"])).toBe(0);
    expect(valueIn(metrics.registry, "fairlead.telemetry.lost", ["metrics"])).toBe(0);
    expect(valueIn(metrics.registry, "fairlead.telemetry.exports", ["metrics", "accepted"])).toBe(2);
    expect(unreadable).toBe(readable.includes(protocol) ? 0 : 1);
  });

  test.each(ANSWERS)("that is %s rejects no span or record", (_, body, readable) => {
    const expected = readable.includes(protocol) ? 0 : undefined;
    for (const encoding of [spanEncoding(options), logEncoding(options)])
      expect(rejectedItems(body, (answer) => encoding.rejectedIn(answer), 9)).toBe(expected);
  });
});

test("answer in JSON or protobuf tells how many items were rejected", () => {
  const json = bytes('{"partialSuccess":{"rejectedSpans":"2","rejectedLogRecords":3}}');
  const protobuf = Uint8Array.of(0x0a, 0x02, 0x08, 0x04);
  const rejected = (protocol: (typeof PROTOCOLS)[number], body: Uint8Array): readonly unknown[] => {
    const options = { protocol, resource: {}, version: "1" };
    const encodings = [spanEncoding(options), logEncoding(options)];
    return encodings.map((encoding) => rejectedItems(body, (answer) => encoding.rejectedIn(answer), 9));
  };
  expect(rejected("http/json", json)).toEqual([2, 3]);
  expect(rejected("http/protobuf", protobuf)).toEqual([4, 4]);
});
