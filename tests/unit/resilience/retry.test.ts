import { describe, expect, test } from "vitest";
import { ManualClock } from "../../../runtimes/memory/clock.ts";
import type { StreamBody } from "../../../src/core/body.ts";
import { CancellationSource } from "../../../src/core/cancellation.ts";
import { ProxyError, asProxyError } from "../../../src/core/errors.ts";
import type { Exchange } from "../../../src/core/exchange.ts";
import type { Reply } from "../../../src/core/reply.ts";
import { RETRY_RULES } from "../../../src/resilience/may-retry.ts";
import { type RetryEvent, type RetryOptions, retry } from "../../../src/resilience/retry.ts";
import { RETRY_BUDGET, RetryBudget } from "../../../src/resilience/retry-budget.ts";
import { failover } from "../../../src/resilience/failover.ts";
import { testExchange } from "../../support/attempt.ts";
import { FedBody, ReadBody } from "../../support/bodies.ts";
import { type ScriptedService, failure, reply, scripted } from "../../support/services.ts";

const most = { float: () => 0.999, below: () => 0, id: () => "" };

const rig = (upstream: ScriptedService, more: Partial<RetryOptions> = {}) => {
  const clock = new ManualClock(Date.UTC(2030, 0, 1));
  const events: RetryEvent[] = [];
  const service = retry({
    retries: 1,
    rules: RETRY_RULES,
    budget: new RetryBudget(RETRY_BUDGET),
    replayBytes: 64,
    clock,
    random: most,
    onRetry: (event) => void events.push(event),
    ...more,
  })(upstream.service);
  /** Runs to its end; the time it took is on the clock. */
  const run = async (exchange: Exchange = testExchange()): Promise<Reply | ProxyError> => {
    const results: (Reply | ProxyError)[] = [];
    service(exchange).then(
      (answer) => results.push(answer),
      (thrown: unknown) => results.push(asProxyError(thrown)),
    );
    for (let ms = 0; ms < 5_000 && results.length === 0; ms++) await clock.advance(1);
    const [result] = results;
    if (result === undefined) throw new Error("it never ended");
    return result;
  };
  return { clock, events, run, service };
};

const post = (more: Parameters<typeof testExchange>[0] = {}): Exchange =>
  testExchange({ method: "POST", ...more });

describe("retry after an error", () => {
  test("repeats a request to switch protocols only where nothing of it was sent", async () => {
    const upgrade = { ...testExchange(), upgrade: "websocket" };
    for (const first of [failure("upstream-reset", "sent"), reply(503)]) {
      const upstream = scripted(first, reply(200));
      await rig(upstream).run(upgrade);
      expect(upstream.calls).toHaveLength(1);
    }
    const unsent = scripted(failure("connect-failed", "connecting"), reply(200));
    expect(await rig(unsent).run(upgrade)).toMatchObject({ status: 200 });
  });

  test("repeats an idempotent request once", async () => {
    const upstream = scripted(failure("upstream-reset", "sent"), reply(200));
    const { run, events } = rig(upstream);
    expect(await run()).toMatchObject({ status: 200 });
    expect(upstream.calls).toHaveLength(2);
    expect(events).toEqual([{ kind: "retried", because: "upstream-reset" }]);
  });

  test("gives up after the retries it has, with the last error", async () => {
    const upstream = scripted(failure("upstream-reset", "sent"), failure("attempt-timeout", "sent"));
    expect(await rig(upstream).run()).toMatchObject({ code: "attempt-timeout" });
    expect(upstream.calls).toHaveLength(2);
  });

  test("repeats any request of which nothing was sent, whatever the error is called", async () => {
    for (const code of ["connect-failed", "connect-timeout", "upstream-reset"] as const) {
      const upstream = scripted(failure(code, "connecting"), reply(200));
      expect(await rig(upstream).run(post())).toMatchObject({ status: 200 });
    }
  });

  test("never repeats a POST of which something was sent, whatever the error is called", async () => {
    for (const code of ["connect-failed", "upstream-reset", "attempt-timeout"] as const) {
      const upstream = scripted(failure(code, "sent"), reply(200));
      expect(await rig(upstream).run(post())).toMatchObject({ code });
      expect(upstream.calls).toHaveLength(1);
    }
  });

  test("repeats a POST with an idempotency key where keys are trusted", async () => {
    const fields = ["Idempotency-Key", '"1"'];
    const trusting = { ...RETRY_RULES, trustsIdempotencyKey: true };
    const upstream = scripted(failure("upstream-reset", "sent"), reply(200));
    expect(await rig(upstream, { rules: trusting }).run(post({ fields }))).toMatchObject({ status: 200 });
    const refused = scripted(failure("upstream-reset", "sent"), reply(200));
    expect(await rig(refused).run(post({ fields }))).toMatchObject({ code: "upstream-reset" });
  });

  test("never repeats what is the client's or the proxy's fault", async () => {
    for (const code of [
      "client-closed",
      "body-too-large",
      "deadline-exceeded",
      "no-endpoint",
      "internal",
    ] as const) {
      const upstream = scripted(failure(code, "connecting"), reply(200));
      expect(await rig(upstream).run()).toMatchObject({ code });
    }
  });

  test("reports why an endpoint failed rather than that none is left", async () => {
    const upstream = scripted(failure("connect-failed", "connecting"), new ProxyError("no-endpoint"));
    expect(await rig(upstream).run()).toMatchObject({ code: "connect-failed" });
  });

  test("waits at random, at most 25 ms before the first retry and 250 ms before later ones", async () => {
    const { run, clock } = rig(scripted(failure("connect-failed", "connecting")), { retries: 1 });
    await run();
    expect(clock.now()).toBeGreaterThanOrEqual(24);
    expect(clock.now()).toBeLessThanOrEqual(27);
    const longer = rig(scripted(failure("connect-failed", "connecting")), { retries: 6 });
    await longer.run();
    expect(longer.clock.now()).toBeGreaterThan(25 + 50 + 100 + 200 + 240 + 240);
    expect(longer.clock.now()).toBeLessThanOrEqual(25 + 50 + 100 + 200 + 250 + 250 + 8);
  });

  test("ends its wait when the client leaves", async () => {
    const cancellation = new CancellationSource();
    const upstream = scripted(failure("connect-failed", "connecting"), reply(200));
    const { clock, service } = rig(upstream);
    const result = service(testExchange({ cancellation })).catch(asProxyError);
    await clock.advance(1);
    cancellation.cancel(new ProxyError("client-closed"));
    expect(await result).toMatchObject({ code: "client-closed" });
    expect(clock.pending).toBe(0);
  });

  test("does not begin after the exchange's deadline", async () => {
    const upstream = scripted(failure("upstream-reset", "sent"), reply(200));
    expect(await rig(upstream).run(testExchange({ endsAt: 0 }))).toMatchObject({ code: "upstream-reset" });
  });
});

describe("retry after a response", () => {
  test("gives up 502, 503 and 504 of idempotent requests, and cancels their bodies", async () => {
    for (const status of [502, 503, 504]) {
      const content = new FedBody();
      const upstream = scripted(reply(status, [], content.body), reply(200));
      expect(await rig(upstream).run()).toMatchObject({ status: 200 });
      expect(content.cancelled?.code).toBe("discarded");
    }
  });

  test("passes on other statuses, and those of a POST", async () => {
    expect(await rig(scripted(reply(500), reply(200))).run()).toMatchObject({ status: 500 });
    expect(await rig(scripted(reply(503), reply(200))).run(post())).toMatchObject({ status: 503 });
  });

  test("repeats by the statuses that were asked for", async () => {
    const rules = { ...RETRY_RULES, codes: new Set([500]) };
    expect(await rig(scripted(reply(500), reply(200)), { rules }).run()).toMatchObject({ status: 200 });
    expect(await rig(scripted(reply(503), reply(200)), { rules }).run()).toMatchObject({ status: 503 });
  });

  test("waits as long as Retry-After says, up to a second", async () => {
    const { run, clock } = rig(scripted(reply(503, ["Retry-After", "1"]), reply(200)));
    expect(await run()).toMatchObject({ status: 200 });
    expect(clock.now()).toBeGreaterThanOrEqual(1_000);
  });

  test("passes a response on that asks for a longer wait", async () => {
    const content = new FedBody();
    const upstream = scripted(reply(503, ["Retry-After", "2"], content.body), reply(200));
    expect(await rig(upstream).run()).toMatchObject({ status: 503 });
    expect(content.cancelled).toBeUndefined();
    const dated = scripted(reply(503, ["Retry-After", "Tue, 01 Jan 2030 00:01:00 GMT"]), reply(200));
    expect(await rig(dated).run()).toMatchObject({ status: 503 });
  });
});

describe("retry budget", () => {
  test("passes failures on once it is spent", async () => {
    const upstream = scripted(failure("upstream-reset", "sent"));
    const { run, events } = rig(upstream, { budget: new RetryBudget({ ratio: 0.2, perSecond: 0 }) });
    for (let i = 0; i < 20; i++) expect(await run()).toMatchObject({ code: "upstream-reset" });
    expect(upstream.calls).toHaveLength(24);
    expect(events.filter(({ kind }) => kind === "over-budget")).toHaveLength(16);
  });
});

describe("request content", () => {
  const sent = async (client: FedBody, replayBytes: number) => {
    const readers: ReadBody[] = [];
    const upstream: ScriptedService = scripted(
      async (exchange) => {
        const reader = new ReadBody(exchange.body as StreamBody, 2).start();
        readers.push(reader);
        const error = failure("upstream-reset", "sent");
        reader.cancel(error);
        throw error;
      },
      async (exchange) => {
        readers.push(new ReadBody(exchange.body as StreamBody).start());
        return reply(200);
      },
    );
    const result = await rig(upstream, { replayBytes }).run(
      testExchange({ method: "PUT", body: client.body }),
    );
    return { result, readers };
  };

  test("goes to the next attempt from its beginning, with what has yet to come", async () => {
    const client = new FedBody().feed("one ").feed("two ").feed("three");
    const { result, readers } = await sent(client, 64);
    client.finish();
    expect(result).toMatchObject({ status: 200 });
    expect(readers[1]).toMatchObject({ text: "one two three", isEnded: true });
  });

  test("rules out a retry once more of it was read than is kept", async () => {
    const client = new FedBody().feed("one ").feed("two ");
    const { result, readers } = await sent(client, 5);
    expect(result).toMatchObject({ code: "upstream-reset" });
    expect(readers).toHaveLength(1);
    expect(client.cancelled).toBeDefined();
  });
});

describe("fail-over between upstreams", () => {
  const over = (first: ScriptedService, second: ScriptedService) =>
    failover({ others: [second.service], rules: RETRY_RULES, replayBytes: 64 })(first.service);

  test("goes on where the first one has no endpoint, is open, or can't be reached", async () => {
    for (const error of [
      new ProxyError("no-endpoint"),
      new ProxyError("circuit-open"),
      new ProxyError("overloaded"),
      failure("connect-failed", "connecting"),
    ]) {
      const second = scripted(reply(200));
      expect(await over(scripted(error), second)(post())).toMatchObject({ status: 200 });
    }
  });

  test("stays with the first one where a POST may have been seen", async () => {
    const second = scripted(reply(200));
    await expect(over(scripted(failure("upstream-reset", "sent")), second)(post())).rejects.toMatchObject({
      code: "upstream-reset",
    });
    expect(second.calls).toHaveLength(0);
  });

  test("fails with the last upstream's error", async () => {
    const second = scripted(new ProxyError("circuit-open"));
    await expect(over(scripted(new ProxyError("no-endpoint")), second)(testExchange())).rejects.toMatchObject(
      {
        code: "circuit-open",
      },
    );
  });
});
