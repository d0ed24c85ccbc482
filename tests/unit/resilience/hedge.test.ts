import { describe, expect, test } from "vitest";
import { ManualClock } from "../../../runtimes/memory/clock.ts";
import { CancellationSource } from "../../../src/core/cancellation.ts";
import { ProxyError, asProxyError } from "../../../src/core/errors.ts";
import type { Exchange } from "../../../src/core/exchange.ts";
import type { Reply } from "../../../src/core/reply.ts";
import { type HedgeOptions, hedge } from "../../../src/resilience/hedge.ts";
import { LatencyWindow } from "../../../src/resilience/latency-window.ts";
import { RetryBudget } from "../../../src/resilience/retry-budget.ts";
import { testExchange } from "../../support/attempt.ts";
import { FedBody } from "../../support/bodies.ts";
import { failure, reply } from "../../support/services.ts";

/** An upstream whose calls take the given times; a status, or an error. */
const rig = (
  steps: readonly { readonly ms: number; readonly gives: Reply | ProxyError }[],
  more: Partial<HedgeOptions> = {},
) => {
  const clock = new ManualClock();
  const calls: Exchange[] = [];
  const budget = new RetryBudget({ ratio: 1, perSecond: 0 });
  const latencies = new LatencyWindow();
  const service = hedge({ clock, latencies, budget, minDelayMs: 50, maxDelayMs: 2_000, ...more })(
    (exchange) =>
      new Promise((resolve, reject) => {
        const step = steps[calls.length];
        calls.push(exchange);
        exchange.trail.attempts += 1;
        exchange.trail.endpoint = { key: `endpoint ${calls.length}` } as never;
        if (step === undefined) throw new Error("no step");
        exchange.cancellation.subscribe(reject);
        clock.after(step.ms, () =>
          step.gives instanceof ProxyError ? reject(step.gives) : resolve(step.gives),
        );
      }),
  );
  for (let i = 0; i < 100; i++) latencies.observe(0, 100);
  return { clock, calls, service };
};

const ended = async (clock: ManualClock, result: Promise<Reply>): Promise<Reply | ProxyError> => {
  const caught = result.catch(asProxyError);
  await clock.advance(5_000);
  return caught;
};

describe("hedging", () => {
  test("never copies a request to switch protocols", async () => {
    const { clock, calls, service } = rig([{ ms: 1_000, gives: reply(200) }]);
    const result = service({ ...testExchange(), upgrade: "websocket" });
    expect(await ended(clock, result)).toMatchObject({ status: 200 });
    expect(calls).toHaveLength(1);
  });

  test("sends a copy when the request takes longer than 95 % of the others, and takes the faster answer", async () => {
    const { clock, calls, service } = rig([
      { ms: 1_000, gives: reply(200, ["x", "slow"]) },
      { ms: 20, gives: reply(200, ["x", "fast"]) },
    ]);
    const exchange = testExchange();
    const result = service(exchange);
    await clock.advance(100);
    expect(calls).toHaveLength(1);
    await clock.advance(30);
    expect(calls).toHaveLength(2);
    expect(await ended(clock, result)).toMatchObject({ fields: ["x", "fast"] });
    expect(calls[0]?.cancellation.reason?.code).toBe("superseded");
    expect(calls[1]?.cancellation.reason).toBeUndefined();
    expect(exchange.trail.endpoint?.key).toBe("endpoint 2");
  });

  test("lets the second copy know which endpoint the first one tries", async () => {
    const { clock, calls, service } = rig([
      { ms: 1_000, gives: reply(200) },
      { ms: 5_000, gives: reply(200) },
    ]);
    const exchange = testExchange();
    const result = service(exchange);
    await clock.advance(200);
    expect(calls[1]?.trail).toMatchObject({ attempts: 3 });
    await ended(clock, result);
    expect(exchange.trail.endpoint?.key).toBe("endpoint 1");
  });

  test("takes a slower good answer rather than a faster bad one", async () => {
    const { clock, service } = rig([
      { ms: 400, gives: reply(200) },
      { ms: 10, gives: reply(503) },
    ]);
    expect(await ended(clock, service(testExchange()))).toMatchObject({ status: 200 });
  });

  test("fails when both copies have failed, and answers with a bad response rather than an error", async () => {
    const failed = rig([
      { ms: 400, gives: failure("upstream-reset", "sent") },
      { ms: 10, gives: failure("connect-failed", "connecting") },
    ]);
    expect(await ended(failed.clock, failed.service(testExchange()))).toMatchObject({
      code: "upstream-reset",
    });
    const bad = rig([
      { ms: 400, gives: failure("upstream-reset", "sent") },
      { ms: 10, gives: reply(503) },
    ]);
    expect(await ended(bad.clock, bad.service(testExchange()))).toMatchObject({ status: 503 });
  });

  test("fails at once with a request that fails before its copy is due", async () => {
    const { clock, calls, service } = rig([{ ms: 10, gives: failure("connect-failed", "connecting") }]);
    expect(await ended(clock, service(testExchange()))).toMatchObject({ code: "connect-failed" });
    expect(calls).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  test("copies only GET and HEAD without content", async () => {
    for (const exchange of [testExchange({ method: "PUT" }), testExchange({ body: new FedBody().body })]) {
      const { clock, calls, service } = rig([{ ms: 1_000, gives: reply(200) }]);
      await ended(clock, service(exchange));
      expect(calls).toHaveLength(1);
    }
  });

  test("copies nothing once its budget is spent", async () => {
    const { clock, calls, service } = rig([{ ms: 1_000, gives: reply(200) }], {
      budget: new RetryBudget({ ratio: 0.05, perSecond: 0 }),
    });
    await ended(clock, service(testExchange()));
    expect(calls).toHaveLength(1);
  });

  test("ends both copies when the client leaves", async () => {
    const cancellation = new CancellationSource();
    const { clock, calls, service } = rig([
      { ms: 1_000, gives: reply(200) },
      { ms: 1_000, gives: reply(200) },
    ]);
    const result = service(testExchange({ cancellation }));
    await clock.advance(200);
    cancellation.cancel(new ProxyError("client-closed"));
    expect(await ended(clock, result)).toMatchObject({ code: "client-closed" });
    expect(calls.map((call) => call.cancellation.reason?.code)).toEqual(["client-closed", "client-closed"]);
  });
});

describe("latency window", () => {
  test("estimates quantiles to a quarter", () => {
    const window = new LatencyWindow();
    for (let ms = 1; ms <= 1_000; ms++) window.observe(0, ms);
    for (const [quantile, exact] of [
      [0.5, 500],
      [0.95, 950],
    ] as const) {
      const estimate = window.quantile(0, quantile) ?? 0;
      expect(estimate).toBeGreaterThanOrEqual(exact);
      expect(estimate).toBeLessThanOrEqual(exact * 1.25);
    }
  });

  test("has no estimate before it knows enough, and none of long ago", () => {
    const window = new LatencyWindow();
    for (let i = 0; i < 19; i++) window.observe(0, 10);
    expect(window.quantile(0, 0.95)).toBeUndefined();
    window.observe(0, 10);
    expect(window.quantile(0, 0.95)).toBeDefined();
    expect(window.quantile(59_999, 0.95)).toBeDefined();
    expect(window.quantile(60_000, 0.95)).toBeUndefined();
  });
});
