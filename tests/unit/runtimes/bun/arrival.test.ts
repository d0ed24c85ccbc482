import { describe, expect, test } from "vitest";
import { bunArrivals, idleTimerHooks } from "../../../../runtimes/bun/arrival.ts";
import { ManualClock } from "../../../../runtimes/memory/clock.ts";
import type { Arrival } from "../../../../src/core/arrival.ts";
import type { Attempt } from "../../../../src/core/exchange.ts";
import { webArrival } from "../../../../src/core/web-arrival.ts";

/** A server as Bun's: it knows no request but the very one that it made. */
const served = (): { arrive: (request: Request) => Arrival; request: Request; timers: number[] } => {
  const request = new Request("http://a.test/", { headers: { host: "a.test" } });
  const timers: number[] = [];
  const server = {
    requestIP: (asked: Request) => (asked === request ? { address: "::ffff:192.0.2.1", port: 5 } : null),
    timeout: (asked: Request, seconds: number) => {
      if (asked === request) timers.push(seconds);
    },
  };
  const arrive = bunArrivals(new ManualClock());
  return { arrive: (asked) => arrive(asked, server), request, timers };
};

const attemptOf = (arrival: Arrival): Attempt => ({ exchange: { arrival } }) as Attempt;

/** As whoever replaces a request makes it. */
const replaced = ({ peer, cancellation, connection }: Arrival, request: Request): Arrival => {
  const { head, body } = webArrival(request);
  return { head, body, peer, cancellation, request, connection };
};

describe("Bun's connections", () => {
  test("exchange that may be quiet for long has no idle timer until it is over", () => {
    const { arrive, request, timers } = served();
    const hooks = idleTimerHooks(10_000);
    const attempt = attemptOf(arrive(request));
    expect(hooks.mayBeQuiet(attempt, 9_999)).toBe(false);
    hooks.over(attempt);
    expect(timers).toEqual([]);
    expect(hooks.mayBeQuiet(attempt, Infinity)).toBe(true);
    hooks.over(attempt);
    hooks.over(attempt);
    expect(timers).toEqual([0, 10]);
  });

  test("request that was replaced keeps its client and its timer", () => {
    const { arrive, request, timers } = served();
    const arrival = replaced(arrive(request), new Request(request));
    expect(arrival.peer).toEqual({ address: "192.0.2.1", port: 5 });
    const hooks = idleTimerHooks(10_000);
    expect(hooks.mayBeQuiet(attemptOf(arrival), 20_000)).toBe(true);
    hooks.over(attemptOf(replaced(arrival, new Request(request))));
    expect(timers).toEqual([0, 10]);
  });

  test("client of a request that Bun did not make is unknown", () => {
    const { arrive, request } = served();
    expect(arrive(new Request(request)).peer).toEqual({ address: "", port: undefined });
  });
});
