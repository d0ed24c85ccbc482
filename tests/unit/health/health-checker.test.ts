import { describe, expect, test } from "vitest";
import { ManualClock } from "../../../runtimes/memory/clock.ts";
import { seededRandom } from "../../../runtimes/memory/random.ts";
import type { ByteSink } from "../../../src/core/body.ts";
import type { Transport } from "../../../src/core/platform.ts";
import {
  HEALTH_CHECK_DEFAULTS,
  HealthChecker,
  type HealthEvent,
  recordOf,
} from "../../../src/health/health-checker.ts";
import { HealthRecord } from "../../../src/health/health-record.ts";
import { httpProbe } from "../../../src/health/http-probe.ts";
import { type ProbeSlots, probeSlots, unqueuedProbeSlots } from "../../../src/health/probe-slots.ts";
import type { Attempt } from "../../../src/core/exchange.ts";
import { BREAKER_DEFAULTS, Breaker } from "../../../src/resilience/breaker.ts";
import { FedBody } from "../../support/bodies.ts";
import { evenSet } from "../../support/endpoints.ts";
import { failure, reply } from "../../support/services.ts";

const THRESHOLDS = { failures: 3, successes: 2 };

describe("health record", () => {
  const states = (...results: readonly boolean[]): string => {
    const record = new HealthRecord();
    return results.map((passed) => (record.report(passed, THRESHOLDS), record.isUp ? "+" : "-")).join("");
  };

  test("admits at the first success", () => {
    expect(states(true)).toBe("+");
    expect(states(false, false, true)).toBe("--+");
  });

  test("goes down after three failures in a row, and up after two successes in a row", () => {
    expect(states(true, false, false, true, false, false, false)).toBe("++++++-");
    expect(states(true, false, false, false, true, false, true, true)).toBe("+++----+");
  });

  test("is unsettled while it is down or changing", () => {
    const record = new HealthRecord();
    expect(record.isUnsettled).toBe(true);
    record.report(true, THRESHOLDS);
    expect(record.isUnsettled).toBe(false);
    record.report(false, THRESHOLDS);
    expect(record.isUnsettled).toBe(true);
  });
});

const rig = (
  count: number,
  probeMs = 5,
  slotsOf: (clock: ManualClock) => ProbeSlots = () => probeSlots(),
) => {
  const clock = new ManualClock();
  const down = new Set<string>();
  const events: HealthEvent[] = [];
  const times: Record<string, number[]> = {};
  let set = evenSet(count);
  let [running, most] = [0, 0];
  const checker = new HealthChecker({
    clock,
    random: seededRandom(1),
    options: HEALTH_CHECK_DEFAULTS,
    slots: slotsOf(clock),
    membersOf: () => set.members,
    onChange: (event) => void events.push(event),
    probe: (endpoint) =>
      new Promise((resolve) => {
        running += 1;
        most = Math.max(most, running);
        (times[endpoint.upstream] ??= []).push(clock.now());
        clock.after(probeMs, () => {
          running -= 1;
          resolve({ passed: !down.has(endpoint.upstream), detail: "done" });
        });
      }),
  });
  return {
    clock,
    down,
    events,
    times,
    checker,
    get set() {
      return set;
    },
    replace: (next: typeof set) => {
      set = next;
      checker.changed();
    },
    most: () => most,
  };
};

describe("health checker", () => {
  test("checks at start, then about every ten seconds", async () => {
    const { clock, checker, times, set } = rig(1);
    checker.start();
    await clock.advance(100_000);
    checker.stop();
    const gaps = (times["e0"] ?? []).slice(1).map((at, i) => at - (times["e0"]?.[i] ?? 0));
    expect(times["e0"]?.[0]).toBe(0);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(9_000);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(11_006);
    expect(set.members.map((member) => recordOf(member).isUp)).toEqual([true]);
  });

  test("checks at once when asked to, each endpoint once at a time, and keeps its own rhythm after that", async () => {
    const { clock, checker, times, set } = rig(2);
    checker.start();
    await clock.advance(1_000);
    const wanted = checker.checkNow(({ endpoint }) => endpoint.upstream === "e0");
    const again = checker.checkNow(() => true);
    await clock.advance(5);
    await Promise.all([wanted, again]);
    expect(times).toEqual({ e0: [0, 1_000], e1: [0, 1_000] });
    expect(set.members.map((member) => recordOf(member).lastResult)).toEqual(["done", "done"]);
    await clock.advance(8_000);
    expect(times["e0"]).toHaveLength(2);
    await clock.advance(4_000);
    expect(times["e0"]).toHaveLength(3);
    checker.stop();
  });

  test("checks every two seconds while an endpoint is down, and starts it slowly when it is back", async () => {
    const { clock, checker, down, events, set } = rig(2);
    const [first] = set.members;
    if (first === undefined) throw new Error("no member");
    const breaker = new Breaker({ options: BREAKER_DEFAULTS, random: seededRandom(1) });
    first.state.breaker = breaker;
    checker.start();
    await clock.advance(1_000);
    down.add("e0");
    // 11 s until the check that fails first, then two more.
    await clock.advance(11_000 + 4_500);
    expect(recordOf(first).isUp).toBe(false);
    for (let i = 0; i < 5; i++) breaker.settle(breaker.enter(clock.now()), "failure", clock.now());
    down.clear();
    await clock.advance(4_500);
    checker.stop();
    expect(recordOf(first).isUp).toBe(true);
    expect(clock.now() - first.state.warmingSince).toBeLessThan(4_500);
    expect(breaker.state(clock.now()).kind).toBe("half-open");
    expect(events.map(({ endpoint, change }) => `${endpoint.upstream} ${change}`)).toEqual([
      "e0 admitted",
      "e1 admitted",
      "e0 down",
      "e0 up",
    ]);
  });

  test("has ten checks at once at most", async () => {
    const { clock, checker, times, most } = rig(35, 100);
    checker.start();
    await clock.advance(401);
    checker.stop();
    expect(most()).toBe(10);
    expect(Object.keys(times)).toHaveLength(35);
  });

  test("has one check waiting for an endpoint, however long the others take", async () => {
    const { clock, checker, times, set } = rig(400, 2_000);
    checker.start();
    // Room for ten every two seconds: the last ones wait for longer than a check may be lost.
    await clock.advance(79_000);
    checker.stop();
    const before = Object.values(times).flat().length;
    await clock.advance(600_000);
    const asked = Object.values(times).flat().length;
    expect(asked).toBeGreaterThanOrEqual(400);
    // What had begun or waited when it stopped.
    expect(asked - before).toBeLessThanOrEqual(set.members.length);
  });

  test("checks an endpoint that joins at once, and keeps what it knows of the others", async () => {
    const { clock, checker, times, replace, set } = rig(1);
    checker.start();
    await clock.advance(1_000);
    const [kept] = set.members;
    if (kept === undefined) throw new Error("no member");
    const [joined] = evenSet(1, 1).members;
    if (joined === undefined) throw new Error("no member");
    replace({ members: [kept, { ...joined, index: 1 }] });
    await clock.advance(10);
    checker.stop();
    expect(times).toEqual({ e0: [0], e1: [1_000] });
  });

  test("leaves no timer behind when it is stopped", async () => {
    const { clock, checker } = rig(3);
    checker.start();
    await clock.advance(50);
    checker.stop();
    expect(clock.pending).toBe(0);
  });

  test("goes on after another checker of the same endpoints, whose check still runs", async () => {
    const { clock, checker, set, times } = rig(1, 1_500);
    checker.start();
    await clock.advance(1_000);
    checker.stop();
    const later: number[] = [];
    const next = new HealthChecker({
      clock,
      random: seededRandom(1),
      options: HEALTH_CHECK_DEFAULTS,
      slots: probeSlots(),
      membersOf: () => set.members,
      probe: async () => {
        later.push(clock.now());
        return { passed: true, detail: "done" };
      },
    });
    next.start();
    await clock.advance(30_000);
    next.stop();
    expect(times).toEqual({ e0: [0] });
    expect(later.length).toBeGreaterThanOrEqual(2);
    expect(clock.pending).toBe(0);
  });

  test("runs what is due where there are no timers", async () => {
    const { clock, checker, times } = rig(2);
    const ask = async (): Promise<void> => {
      const done = checker.runDue();
      await clock.advance(5);
      await done;
    };
    await ask();
    await ask();
    expect(times).toEqual({ e0: [0], e1: [0] });
    await clock.advance(11_000);
    await ask();
    expect(times["e0"]).toHaveLength(2);
    expect(clock.pending).toBe(0);
  });

  test("checks ten at once where checks can't wait for each other; what finds no room is done by who has some", async () => {
    const { clock, checker, times, most } = rig(25, 5, unqueuedProbeSlots);
    const first = checker.runDue();
    const second = checker.runDue();
    await second;
    expect(most()).toBe(10);
    await clock.advance(15);
    await first;
    expect(Object.keys(times)).toHaveLength(25);
    expect(most()).toBe(10);
    await checker.runDue();
    expect(Object.values(times).every((at) => at.length === 1)).toBe(true);
  });

  test("goes on where checks were lost with the requests that ran them", async () => {
    const { clock, checker, times } = rig(12, 1e9, unqueuedProbeSlots);
    void checker.runDue();
    await clock.advance(119_999);
    void checker.runDue();
    expect(Object.keys(times)).toHaveLength(10);
    await clock.advance(1);
    void checker.runDue();
    expect(Object.keys(times)).toHaveLength(12);
  });

  test("checks ten at once when it is asked for all of them by hand", async () => {
    const { clock, checker, times, most } = rig(25, 5, unqueuedProbeSlots);
    const done = checker.checkNow(() => true);
    await clock.advance(15);
    await done;
    expect(Object.keys(times)).toHaveLength(25);
    expect(most()).toBe(10);
  });
});

describe("HTTP probe", () => {
  const probed = async (send: Transport["send"], more: Partial<Parameters<typeof httpProbe>[0]> = {}) => {
    const clock = new ManualClock();
    const probe = httpProbe({
      transport: { send, close: async () => {} },
      clock,
      target: "/healthz",
      ...more,
    });
    const [member] = evenSet(1).members;
    if (member === undefined) throw new Error("no member");
    const result = probe(member.endpoint, 2_000);
    await clock.advance(2_000);
    expect(clock.pending).toBe(0);
    return result;
  };

  test("passes on 2xx, or on the statuses that were asked for", async () => {
    expect(await probed(async () => reply(204))).toEqual({ passed: true, detail: "status 204" });
    expect(await probed(async () => reply(302))).toEqual({ passed: false, detail: "status 302" });
    const passes = (status: number): boolean => status === 302;
    expect(await probed(async () => reply(302), { passes })).toMatchObject({ passed: true });
  });

  test("asks for its path, as the endpoint's own host unless another is set", async () => {
    const seen: Attempt[] = [];
    const send: Transport["send"] = async (attempt) => {
      seen.push(attempt);
      return reply(200);
    };
    await probed(send);
    await probed(send, { host: "app.test" });
    expect(seen.map(({ target, host }) => `${host}${target}`)).toEqual([
      "e0.test/healthz",
      "app.test/healthz",
    ]);
  });

  test("looks for text in the body", async () => {
    const answer = (text: string) => async () => reply(200, [], new FedBody().feed(text).finish().body);
    expect(await probed(answer('{"ok":true}'), { bodyIncludes: '"ok":true' })).toMatchObject({
      passed: true,
    });
    expect(await probed(answer("{}"), { bodyIncludes: '"ok":true' })).toMatchObject({ passed: false });
  });

  test("looks for text in the beginning of a longer body", async () => {
    const page = (beginning: string) => {
      const body = new FedBody().feed(beginning);
      for (let i = 0; i < 80; i++) body.feed("x".repeat(1_024));
      return body.feed("late").finish();
    };
    const long = page("all is well");
    const wanted = { bodyIncludes: "is well" };
    expect(await probed(async () => reply(200, [], long.body), wanted)).toMatchObject({ passed: true });
    expect(long.cancelled?.code).toBe("discarded");
    const late = { bodyIncludes: "late" };
    expect(await probed(async () => reply(200, [], page("").body), late)).toMatchObject({ passed: false });
  });

  test("reads a body to its end, and fails where that breaks off", async () => {
    const whole = new FedBody().feed("fine").finish();
    expect(await probed(async () => reply(200, [], whole.body))).toMatchObject({ passed: true });
    const long = new FedBody();
    for (let i = 0; i < 80; i++) long.feed("x".repeat(1_024));
    expect(await probed(async () => reply(200, [], long.body))).toMatchObject({ passed: true });
    expect(long.cancelled?.code).toBe("discarded");
    const source = {
      start: (sink: ByteSink) => sink.fail(failure("upstream-reset", "head")),
      resume() {},
      cancel() {},
    };
    const broken = { kind: "stream", length: 9, source } as const;
    expect(await probed(async () => reply(200, [], broken))).toMatchObject({ passed: false });
  });

  test("fails with the reason, and aborts when its time is over", async () => {
    expect(await probed(async () => Promise.reject(failure("connect-failed", "connecting")))).toMatchObject({
      passed: false,
      detail: "Upstream could not be reached",
    });
    let cancelled: string | undefined;
    const hanging: Transport["send"] = ({ cancellation }) =>
      new Promise((_, reject) =>
        cancellation.subscribe((reason) => {
          cancelled = reason.code;
          reject(reason);
        }),
      );
    expect(await probed(hanging)).toEqual({ passed: false, detail: "no answer within 2000 ms" });
    expect(cancelled).toBe("attempt-timeout");
  });
});
