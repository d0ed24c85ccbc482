import { describe, expect, it } from "vitest";
import type { Change, Control, FailureEntry } from "../../../../handlers/control.ts";
import { LiveFeed, type Watcher } from "../../../../handlers/dashboard/live-feed.ts";
import type { FullMessage, TickMessage } from "../../../../handlers/dashboard/wire.ts";
import type { EndpointSnapshot, Snapshot } from "../../../../handlers/snapshot.ts";
import { ManualClock } from "../../../../runtimes/memory/clock.ts";
import { ProxyMetrics } from "../../../../src/observe/proxy-metrics.ts";
import { NO_TRAFFIC } from "../../../../src/observe/traffic.ts";

const endpoint = (address: string, inFlight = 0): EndpointSnapshot => ({
  address,
  weight: { configured: 1, effective: 1 },
  drained: false,
  inFlight,
  traffic: NO_TRAFFIC,
});

const snapshot = (endpoints: readonly EndpointSnapshot[]): Snapshot => ({
  time: 0,
  version: "0",
  runtime: "memory",
  startedAt: 0,
  draining: false,
  threads: [],
  config: { generation: 1, loadedAt: 0, sources: [] },
  listeners: [],
  connections: { open: 0, accepted: 0, refused: 0, tunnels: 0 },
  traffic: NO_TRAFFIC,
  routes: [],
  upstreams: [
    { name: "main", balance: "p2c", checked: false, discovered: false, traffic: NO_TRAFFIC, endpoints },
  ],
});

const failure = (requestId: string): FailureEntry => ({
  time: 1,
  requestId,
  method: "GET",
  target: "/",
  client: "127.0.0.1",
  attempts: 1,
  status: 502,
  code: "connect-failed",
  fault: "upstream",
  message: "refused",
  duration: 0.1,
});

/** Keeps what it gets; `isReady` says whether it wants more. */
class Reader implements Watcher {
  ready = true;
  readonly got: { readonly event: "full" | "tick"; readonly data: string }[] = [];

  isReady(): boolean {
    return this.ready;
  }
  send(event: "full" | "tick", data: string): void {
    this.got.push({ event, data });
  }
  ended = 0;
  end(): void {
    this.ended += 1;
  }
  get events(): readonly string[] {
    return this.got.map(({ event }) => event);
  }
  full(index: number): FullMessage {
    return JSON.parse(this.got[index]?.data ?? "") as FullMessage;
  }
  tick(index: number): TickMessage {
    return JSON.parse(this.got[index]?.data ?? "") as TickMessage;
  }
}

const stage = () => {
  const clock = new ManualClock();
  const metrics = new ProxyMetrics({ epoch: () => clock.epoch() });
  const state = { endpoints: [endpoint("http://a"), endpoint("http://b")], looks: 0, fails: false };
  let listener: ((change: Change) => void) | undefined;
  const control: Pick<Control, "snapshot" | "failures" | "subscribe"> = {
    snapshot: async () => {
      state.looks += 1;
      if (state.fails) throw new Error("a thread is gone");
      return snapshot(state.endpoints);
    },
    failures: async () => [failure("kept")],
    subscribe: (given) => {
      listener = given;
      return () => {
        listener = undefined;
      };
    },
  };
  const feed = new LiveFeed({ control, metrics: () => metrics, clock });
  feed.open();
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 10; i += 1) await Promise.resolve();
  };
  return {
    feed,
    state,
    metrics,
    settle,
    tell: (change: Change) => listener?.(change),
    seconds: async (count: number) => {
      for (let i = 0; i < count; i += 1) {
        await clock.advance(1_000);
      }
    },
  };
};

describe("live feed", () => {
  it("ends all streams where who may watch has changed, and lets them come again", async () => {
    const { feed, settle, seconds } = stage();
    const reader = new Reader();
    feed.watch(reader);
    await settle();
    feed.dismiss();
    await seconds(2);
    expect([reader.events, reader.ended]).toEqual([["full"], 1]);
    const again = new Reader();
    feed.watch(again);
    await seconds(1);
    expect(again.events).toEqual(["full"]);
    feed.close();
    expect([reader.ended, again.ended]).toEqual([1, 1]);
  });

  it("sends everything first, and then only endpoints that have changed", async () => {
    const { feed, state, settle, seconds } = stage();
    const reader = new Reader();
    feed.watch(reader);
    await settle();
    await seconds(1);
    state.endpoints = [endpoint("http://a", 3), endpoint("http://c")];
    await seconds(1);
    expect(reader.events).toEqual(["full", "tick", "tick"]);
    expect(reader.full(0).endpoints.map(({ address }) => address)).toEqual(["http://a", "http://b"]);
    expect(reader.full(0).failures.map(({ requestId }) => requestId)).toEqual(["kept"]);
    expect(reader.tick(1)).toMatchObject({ endpoints: [], gone: [] });
    expect(reader.tick(2).endpoints.map(({ address }) => address)).toEqual(["http://a", "http://c"]);
    expect(reader.tick(2).gone).toEqual(['["main","http://b"]']);
  });

  it("sends everything again to a reader that has missed a second", async () => {
    const { feed, settle, seconds } = stage();
    const [slow, quick] = [new Reader(), new Reader()];
    feed.watch(slow);
    feed.watch(quick);
    await settle();
    slow.ready = false;
    await seconds(3);
    slow.ready = true;
    await seconds(2);
    expect(slow.events).toEqual(["full", "full", "tick"]);
    expect(slow.full(1).samples).toHaveLength(5);
    expect(quick.events).toEqual(["full", "tick", "tick", "tick", "tick", "tick"]);
  });

  it("shows at most twenty failures of a second, and counts the others", async () => {
    const { feed, settle, seconds, tell } = stage();
    const reader = new Reader();
    feed.watch(reader);
    await settle();
    for (let i = 0; i < 25; i += 1) tell({ kind: "failure", failure: failure(String(i)) });
    tell({ kind: "action", time: 2, actor: { peer: "127.0.0.1" }, message: "drained a" });
    await seconds(2);
    const { failures, failuresLeftOut, activity } = reader.tick(1);
    expect(failures).toHaveLength(20);
    expect(failures[0]?.requestId).toBe("19");
    expect(failuresLeftOut).toBe(5);
    expect(activity).toMatchObject([{ message: "drained a" }]);
    expect(reader.tick(2)).toMatchObject({ failures: [], failuresLeftOut: 0, activity: [] });
  });

  it("looks at nothing before somebody watches, and stops ten minutes after the last one has left", async () => {
    const { feed, state, settle, seconds } = stage();
    await seconds(5);
    expect(state.looks).toBe(0);
    const leave = feed.watch(new Reader());
    await settle();
    await seconds(2);
    leave?.();
    await seconds(10);
    expect(state.looks).toBe(3);
    const later = new Reader();
    const leaveAgain = feed.watch(later);
    await seconds(1);
    expect(later.full(0).samples).toHaveLength(14);
    leaveAgain?.();
    await seconds(700);
    const last = new Reader();
    feed.watch(last);
    await settle();
    expect(last.full(0).samples.length).toBeLessThanOrEqual(600);
    expect(state.looks).toBe(5);
  });

  it("survives a look that fails, and sends everything after it", async () => {
    const { feed, state, settle, seconds } = stage();
    const reader = new Reader();
    feed.watch(reader);
    await settle();
    state.fails = true;
    await seconds(2);
    state.fails = false;
    await seconds(2);
    expect(reader.events).toEqual(["full", "full", "tick"]);
  });

  it("has room for twenty watchers", () => {
    const { feed } = stage();
    const leaves = Array.from({ length: 20 }, () => feed.watch(new Reader()));
    expect(leaves).not.toContain(undefined);
    expect(feed.watch(new Reader())).toBeUndefined();
    leaves[0]?.();
    expect(feed.watch(new Reader())).toBeDefined();
    feed.close();
  });

  it("sends nothing after it was closed", async () => {
    const { feed, settle, seconds } = stage();
    const reader = new Reader();
    feed.watch(reader);
    await settle();
    feed.close();
    await seconds(3);
    expect(reader.events).toEqual(["full"]);
  });

  it("keeps a thousand idle endpoints out of its ticks", async () => {
    const { feed, state, settle, seconds } = stage();
    state.endpoints = Array.from({ length: 1_000 }, (_, index) => endpoint(`http://10.0.0.1:${index}`));
    const reader = new Reader();
    feed.watch(reader);
    await settle();
    await seconds(1);
    expect(reader.got[0]?.data.length).toBeLessThan(600_000);
    expect(reader.got[1]?.data.length).toBeLessThan(2_000);
  });
});
