import { describe, expect, test } from "vitest";
import { ManualClock } from "../../../runtimes/memory/clock.ts";
import { seededRandom } from "../../../runtimes/memory/random.ts";
import { CancellationSource } from "../../../src/core/cancellation.ts";
import { ProxyError, asProxyError } from "../../../src/core/errors.ts";
import type { Exchange } from "../../../src/core/exchange.ts";
import { ADAPTIVE_DEFAULTS, AdaptiveLimit } from "../../../src/resilience/adaptive-limit.ts";
import { attemptTimeout } from "../../../src/resilience/attempt-timeout.ts";
import { ConcurrencyGate, concurrencyCap } from "../../../src/resilience/concurrency.ts";
import { mirror } from "../../../src/resilience/mirror.ts";
import { testExchange } from "../../support/attempt.ts";
import { FedBody, ReadBody } from "../../support/bodies.ts";
import { failure, outcome, reply, scripted } from "../../support/services.ts";

const rig = (cap: number, queue: number, queueMs = 1_000) => {
  const clock = new ManualClock();
  const options = { clock, limit: { current: cap }, queue, queueMs };
  const gate = new ConcurrencyGate(options);
  const upstream = scripted(reply(200));
  const service = concurrencyCap(gate, options)(upstream.service);
  const end = (call: number): void => upstream.calls[call]?.onAttemptEnd?.(outcome());
  return { clock, gate, calls: upstream.calls, service, end };
};

describe("concurrency cap", () => {
  test("lets in what there is room for, until the body has ended", async () => {
    const { gate, calls, service, end } = rig(2, 0);
    await service(testExchange());
    await service(testExchange());
    expect(gate.inProgress).toBe(2);
    await expect(service(testExchange())).rejects.toMatchObject({ code: "overloaded" });
    end(0);
    await service(testExchange());
    expect(calls).toHaveLength(3);
  });

  test("queues in order, and refuses at once what the queue has no place for", async () => {
    const { gate, calls, service, end } = rig(1, 2);
    const order: number[] = [];
    const ask = (n: number): Promise<unknown> => service(testExchange()).then(() => order.push(n));
    await ask(0);
    const waiting = [ask(1), ask(2)];
    await expect(service(testExchange())).rejects.toMatchObject({ code: "overloaded" });
    expect(gate.waiting).toBe(2);
    end(0);
    await waiting[0];
    expect(order).toEqual([0, 1]);
    end(1);
    await waiting[1];
    expect(order).toEqual([0, 1, 2]);
    expect(calls).toHaveLength(3);
  });

  test("refuses what waited too long, and forgets whose client left", async () => {
    const { clock, gate, service, end } = rig(1, 2);
    await service(testExchange());
    const cancellation = new CancellationSource();
    const late = service(testExchange()).catch(asProxyError);
    const gone = service(testExchange({ cancellation })).catch(asProxyError);
    cancellation.cancel(new ProxyError("client-closed"));
    expect(await gone).toMatchObject({ code: "client-closed" });
    await clock.advance(1_000);
    expect(await late).toMatchObject({ code: "overloaded" });
    end(0);
    expect([gate.inProgress, gate.waiting, clock.pending]).toEqual([0, 0, 0]);
  });

  test("counts a request out that had no attempt, and one whose attempt failed, once", async () => {
    const options = { clock: new ManualClock(), limit: { current: 5 }, queue: 0, queueMs: 1 };
    const gate = new ConcurrencyGate(options);
    const none = scripted(new ProxyError("no-endpoint"));
    await expect(concurrencyCap(gate, options)(none.service)(testExchange())).rejects.toMatchObject({
      code: "no-endpoint",
    });
    const failed = async (exchange: Exchange): Promise<never> => {
      exchange.onAttemptEnd?.(outcome({ ending: "failed" }));
      throw failure("upstream-reset", "sent");
    };
    await expect(concurrencyCap(gate, options)(failed)(testExchange())).rejects.toMatchObject({
      code: "upstream-reset",
    });
    expect(gate.inProgress).toBe(0);
  });
});

describe("adaptive limit", () => {
  /** A server that serves `capacity` at once in 10 ms each, and queues what is above; the end, and where it is then. */
  const settled = (limit: AdaptiveLimit, capacity: number, rounds = 20_000, from = 0): number => {
    const random = seededRandom(1);
    let now = from;
    for (let i = 0; i < rounds; i++) {
      const inProgress = limit.current;
      const ms = 10 * Math.max(1, inProgress / capacity) * (0.8 + 0.4 * random.float());
      limit.observe(outcome({ startedAt: now, headAt: now + ms }), now, inProgress);
      now += ms;
    }
    return limit.current;
  };

  test("settles above what the server does at once, and below twice that, for hours", () => {
    for (const capacity of [20, 60, 200]) {
      const limit = new AdaptiveLimit(ADAPTIVE_DEFAULTS);
      expect(settled(limit, capacity)).toBeGreaterThanOrEqual(capacity * 0.75);
      expect(settled(limit, capacity, 300_000, 200_000)).toBeLessThan(capacity * 2.5);
    }
  });

  test("shrinks when the server slows down, and never below its minimum", () => {
    const limit = new AdaptiveLimit(ADAPTIVE_DEFAULTS);
    const before = settled(limit, 100);
    expect(settled(limit, 20, 400, 1e9)).toBeLessThan(before);
    for (let i = 0; i < 1_000; i++) {
      limit.observe(outcome({ ending: "failed", error: failure("attempt-timeout", "sent") }), 0, 5);
    }
    expect(limit.current).toBe(4);
  });

  test("learns nothing from the end of a tunnel", () => {
    const limit = new AdaptiveLimit(ADAPTIVE_DEFAULTS);
    const error = failure("upstream-reset", "head");
    limit.observe(outcome({ ending: "failed", status: 101, error }), 0, 20);
    expect(limit.current).toBe(ADAPTIVE_DEFAULTS.initial);
  });

  test("takes no measure of failures, which may be fast", () => {
    const limit = new AdaptiveLimit(ADAPTIVE_DEFAULTS);
    for (let i = 0; i < 100; i++) limit.observe(outcome({ status: 503, startedAt: i, headAt: i + 1 }), i, 20);
    expect(limit.current).toBe(4);
    expect(settled(limit, 20, 2_000, 1_000)).toBeGreaterThanOrEqual(15);
  });

  test("grows again when requests have come to take longer, at its next measurement", () => {
    const limit = new AdaptiveLimit(ADAPTIVE_DEFAULTS);
    settled(limit, 20, 100);
    const slow = (from: number, until: number): void => {
      for (let now = from; now < until; now += 50) {
        limit.observe(outcome({ startedAt: now, headAt: now + 50 }), now, limit.current);
      }
    };
    slow(10_000, 20_000);
    expect(limit.current).toBe(4);
    slow(20_000, 60_000);
    expect(limit.current).toBeGreaterThan(15);
  });

  test("stays where it is while it is not used", () => {
    const limit = new AdaptiveLimit(ADAPTIVE_DEFAULTS);
    for (let i = 0; i < 1_000; i++) limit.observe(outcome({ startedAt: 0, headAt: 10 }), 0, 2);
    expect(limit.current).toBe(20);
  });
});

describe("attempt timeout", () => {
  test("aborts an attempt without a response, and leaves its body alone later", async () => {
    const clock = new ManualClock();
    const never = scripted((exchange) => new Promise((_, reject) => exchange.cancellation.subscribe(reject)));
    const result = attemptTimeout(100, clock)(never.service)(testExchange()).catch(asProxyError);
    await clock.advance(100);
    expect(await result).toMatchObject({ code: "attempt-timeout", progress: "sent" });
    const quick = scripted(reply(200));
    await attemptTimeout(100, clock)(quick.service)(testExchange());
    await clock.advance(1_000);
    expect(quick.calls[0]?.cancellation.reason).toBeUndefined();
    expect(clock.pending).toBe(0);
  });
});

describe("mirror", () => {
  const mirrored = (more: { share?: number; maxInProgress?: number; maxBytes?: number } = {}) => {
    const copies = scripted(reply(200, [], new FedBody().body), failure("connect-failed", "connecting"));
    const events: string[] = [];
    const work: Promise<void>[] = [];
    const layer = mirror({
      service: copies.service,
      share: 1,
      random: seededRandom(1),
      clock: new ManualClock(),
      maxInProgress: 1,
      maxBytes: 8,
      limitMs: 1_000,
      onMirror: (event) => void events.push(event),
      ...more,
    });
    const background = (promise: Promise<void>) => void work.push(promise);
    const inner = layer(scripted(reply(200)).service);
    const service = (exchange: Exchange) => inner({ ...exchange, background });
    return { copies, events, work, service };
  };

  test("sends a copy whose answer and failure nobody sees", async () => {
    const { copies, events, work, service } = mirrored();
    const cancellation = new CancellationSource();
    expect(await service(testExchange({ target: "/a?b", cancellation }))).toMatchObject({ status: 200 });
    await Promise.all(work);
    cancellation.cancel(new ProxyError("client-closed"));
    expect(copies.calls[0]).toMatchObject({ target: "/a?b", trail: { attempts: 0 } });
    expect(copies.calls[0]?.cancellation.reason).toBeUndefined();
    expect(await service(testExchange())).toMatchObject({ status: 200 });
    await Promise.all(work);
    expect(events).toEqual(["sent", "failed"]);
  });

  test("copies its share", async () => {
    const { copies, service, work } = mirrored({ share: 0.3, maxInProgress: 10_000 });
    for (let i = 0; i < 2_000; i++) await service(testExchange());
    await Promise.all(work);
    expect(copies.calls.length).toBeGreaterThan(520);
    expect(copies.calls.length).toBeLessThan(680);
  });

  test("drops copies that it has no room for", async () => {
    const { events, service, work } = mirrored();
    await Promise.all([service(testExchange()), service(testExchange())]);
    await Promise.all(work);
    expect(events.toSorted()).toEqual(["dropped", "sent"]);
  });

  test("sends content once it is whole, and drops what is too long or breaks off", async () => {
    const asked = async (content: readonly string[], breaks: boolean) => {
      const client = new FedBody();
      const { copies, events, work } = mirrored();
      const layer = mirror({
        service: copies.service,
        share: 1,
        random: seededRandom(1),
        clock: new ManualClock(),
        maxInProgress: 1,
        maxBytes: 8,
        limitMs: 1_000,
        onMirror: (event) => void events.push(event),
      });
      const read: ReadBody[] = [];
      const service = layer(async ({ body }) => {
        if (body.kind === "stream") read.push(new ReadBody(body).start());
        return reply(200);
      });
      const background = (promise: Promise<void>) => void work.push(promise);
      await service({ ...testExchange({ method: "POST", body: client.body }), background });
      for (const piece of content) client.feed(piece);
      if (breaks) client.break(new ProxyError("client-closed"));
      else client.finish();
      await Promise.all(work);
      return { copies, events, text: read[0]?.text };
    };
    const whole = await asked(["ab", "cd"], false);
    expect(whole.text).toBe("abcd");
    expect(whole.copies.calls[0]?.body).toEqual({ kind: "bytes", bytes: new TextEncoder().encode("abcd") });
    expect((await asked(["abcdefgh", "i"], false)).events).toEqual(["dropped"]);
    expect((await asked(["ab"], true)).events).toEqual(["dropped"]);
  });
});
