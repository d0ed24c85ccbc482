import { Hono } from "hono";
import { describe, expect, test, vi } from "vitest";
import {
  type BreakerEvent,
  type CircuitBreakerOptions,
  circuitBreaker,
} from "../../../middleware/circuit-breaker.ts";
import { ProxyError } from "../../../src/core/errors.ts";

/** An app whose handler answers with `app.status`, or throws. */
const breaking = (options: CircuitBreakerOptions = {}) => {
  const events: BreakerEvent[] = [];
  const served = { status: 200, asked: 0, throws: false, now: 0 };
  const breaker = circuitBreaker({
    now: () => served.now,
    random: () => 0.5,
    onChange: (event) => void events.push(event),
    ...options,
  });
  const app = new Hono();
  app.use(breaker);
  app.get("/", (c) => {
    served.asked += 1;
    if (served.throws) throw new Error("boom");
    return c.text("answer", served.status as 200);
  });
  const ask = async (times = 1): Promise<number[]> => {
    const statuses: number[] = [];
    for (let i = 0; i < times; i++) statuses.push((await app.request("/")).status);
    return statuses;
  };
  return { app, ask, breaker, events, served };
};

describe("circuitBreaker", () => {
  test("opens after failures in a row, asks nobody, and closes after probes", async () => {
    const { ask, app, breaker, events, served } = breaking();
    served.status = 503;
    expect(await ask(5)).toEqual([503, 503, 503, 503, 503]);
    expect(breaker.state()).toEqual({ kind: "open", until: 5_000 });
    const refused = await app.request("/");
    expect(served.asked).toBe(5);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await refused.json()).toMatchObject({ code: "circuit-open" });
    served.now = 5_000;
    served.status = 200;
    expect(await ask(3)).toEqual([200, 200, 200]);
    expect(events.map(({ to }) => to)).toEqual(["open", "half-open", "closed"]);
  });

  test("counts what is thrown, and never 4xx or a 500 that a handler answers", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const thrown = breaking({ failures: 2 });
    thrown.served.throws = true;
    await thrown.ask(2);
    expect(thrown.breaker.state().kind).toBe("open");
    const answered = breaking({ failures: 2 });
    for (const status of [404, 500, 429]) {
      answered.served.status = status;
      await answered.ask(4);
    }
    expect(answered.breaker.state().kind).toBe("closed");
    const counted = breaking({ failures: 2, internalError: true });
    counted.served.status = 500;
    await counted.ask(2);
    expect(counted.breaker.state().kind).toBe("open");
    vi.restoreAllMocks();
  });

  test("counts no client that has left, neither as a failure nor as a success", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    for (const isThrown of [true, false]) {
      const breaker = circuitBreaker({ failures: 2, successes: 1, now: () => now, random: () => 0.5 });
      let now = 0;
      let left = false;
      const app = new Hono().use(breaker).get("/", (c) => {
        if (!left) return c.text("", 503);
        if (isThrown) throw new ProxyError("client-closed");
        return c.body(null, 499 as 400);
      });
      await app.request("/");
      left = true;
      await app.request("/");
      left = false;
      await app.request("/");
      expect(breaker.state().kind).toBe("open");
      now = 10_000;
      left = true;
      await app.request("/");
      expect(breaker.state()).toEqual({ kind: "half-open", probing: 0, successes: 0 });
    }
    vi.restoreAllMocks();
  });

  test("fallback answers while it is open", async () => {
    const { app, breaker } = breaking({ fallback: (c) => c.text("later", 203) });
    breaker.open();
    const response = await app.request("/");
    expect([response.status, await response.text()]).toEqual([203, "later"]);
    breaker.close();
    expect(await (await app.request("/")).text()).toBe("answer");
  });

  test("opened by hand stays open until it is reset", async () => {
    const { ask, breaker, served } = breaking();
    breaker.open();
    served.now = 1e9;
    expect(await ask()).toEqual([503]);
    breaker.reset();
    expect(await ask()).toEqual([200]);
  });

  test("lets a growing share through after it has closed, where asked to", async () => {
    const { ask, breaker, served } = breaking({ slowStart: "10s" });
    breaker.open();
    breaker.reset();
    expect(await ask()).toEqual([503]);
    served.now = 5_001;
    expect(await ask()).toEqual([200]);
  });

  test("says which option is wrong", () => {
    expect(() => circuitBreaker({ failures: 0 })).toThrow(
      "circuitBreaker.failures: expected a whole number from 1 to 10000, found 0",
    );
  });

  test("reports everything that is wrong at once, functions and what is misspelt too", () => {
    const options = { failures: 0, open: "10sec", fallback: "x", onChanged: () => {} };
    expect(() => circuitBreaker(options as never)).toThrow(
      [
        "circuitBreaker.failures: expected a whole number from 1 to 10000, found 0",
        'circuitBreaker.open: expected a duration such as 250 (milliseconds), "250ms", "10s", "5m", "1h" or "1d", found "10sec"; did you mean "10s"?',
        'circuitBreaker.fallback: expected a function, found "x"',
        'circuitBreaker.onChanged: unknown key; did you mean "onChange"?',
      ].join("\n"),
    );
  });
});
