/** Event streams, and what becomes of their places. */
import { describe, expect, it } from "vitest";
import { dashboardApps } from "../../../../handlers/dashboard/dashboard.ts";
import { LiveFeed } from "../../../../handlers/dashboard/live-feed.ts";
import { ManualClock } from "../../../../runtimes/memory/clock.ts";

const stage = (files: () => Promise<ReadonlyMap<string, never>> = async () => new Map<string, never>()) => {
  const feed = new LiveFeed({
    control: {
      snapshot: () => Promise.reject(new Error("not part of this test")),
      failures: async () => [],
      subscribe: () => () => {},
    },
    metrics: () => undefined,
    clock: new ManualClock(),
  });
  return { feed, apps: dashboardApps(files, feed) };
};

describe("event streams", () => {
  it("take no place where only their head is asked for", async () => {
    const { apps } = stage();
    for (let i = 0; i < 30; i += 1) {
      const { status, headers } = await apps.stream.request("/events", { method: "HEAD" });
      expect([status, headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    }
    expect((await apps.stream.request("/events")).status).toBe(200);
  });

  it("end with the feed, whether their reader waits or comes later", async () => {
    const { feed, apps } = stage();
    const [waiting, later] = [await apps.stream.request("/events"), await apps.stream.request("/events")];
    const read = waiting.text();
    feed.dismiss();
    expect(await read).toBe("");
    expect(await later.text()).toBe("");
  });
});

describe("the dashboard's files", () => {
  it("are looked for again where they could not be read", async () => {
    let tries = 0;
    const { apps } = stage(async () => {
      tries += 1;
      if (tries === 1) throw new Error("no file descriptor left");
      return new Map<string, never>();
    });
    apps.page.onError((_, c) => c.text("failed", 500));
    expect((await apps.page.request("/")).status).toBe(500);
    expect((await apps.page.request("/")).status).toBe(404);
  });
});
