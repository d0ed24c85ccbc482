import { describe, expect, test } from "vitest";
import { ManualClock } from "../../../runtimes/memory/clock.ts";
import { ProxyMetrics } from "../../../src/observe/proxy-metrics.ts";
import { redaction } from "../../../src/observe/redaction.ts";
import { clientSpan, serverSpan } from "../../../src/observe/span.ts";
import { testAttempt, testEndpoint } from "../../support/attempt.ts";
import { attemptTrace, exchangeReport } from "../../support/report.ts";

const trace = {
  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
  spanId: "00f067aa0ba902b7",
  parentId: undefined,
  isSampled: true,
  attemptId: () => "00f067aa0ba902b8",
};
const options = {
  redaction: redaction({ query: [], params: [], headers: [] }),
  clock: new ManualClock(),
};

const served = (version: string | undefined): ReturnType<typeof exchangeReport> => {
  const plain = exchangeReport();
  return { ...plain, head: { ...plain.head, version }, trace };
};

describe("version of the protocol", () => {
  test.each([
    ["1.1", "1.1"],
    ["1.0", "1.0"],
    ["2.0", "2"],
    ["2", "2"],
    ["3.0", "3"],
    [undefined, undefined],
    ["from a client", undefined],
  ])("%s is %s in metrics and spans", (given, expected) => {
    const metrics = new ProxyMetrics({ epoch: () => 0 });
    metrics.telemetry.exchangeBegan(served(given).head);
    metrics.telemetry.exchangeEnded(served(given));
    const { server } = metrics.durations;
    const reading = metrics.registry.read().find(({ instrument }) => instrument === server);
    const [point] = reading?.points.filter(({ attributes }) => attributes !== "overflow") ?? [];
    expect(point?.attributes[server.attributes.indexOf("network.protocol.version")]).toBe(expected);
    expect(serverSpan(served(given), options)?.attributes["network.protocol.version"]).toBe(expected);
  });

  test("of a response is in the span of its attempt", () => {
    const attempt = testAttempt({ endpoint: testEndpoint({ url: "http://10.0.0.1:3000" }) });
    const recorded = { ...attempt, exchange: { ...attempt.exchange, trace }, spanId: "00f067aa0ba902b8" };
    const { outcome = expect.fail("no outcome") } = attemptTrace();
    const span = clientSpan(recorded, { ...outcome, version: "1.1" }, options);
    expect(span?.attributes["network.protocol.version"]).toBe("1.1");
  });
});
