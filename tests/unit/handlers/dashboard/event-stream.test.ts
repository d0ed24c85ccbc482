/** Event streams, and what becomes of their places. */
import { describe, expect, it } from "vitest";
import { type DashboardFiles, dashboardApps } from "../../../../handlers/dashboard/dashboard.ts";
import { LiveFeed } from "../../../../handlers/dashboard/live-feed.ts";
import { dashboardFiles } from "../../../../runtimes/engine/dashboard-files.ts";
import { ManualClock } from "../../../../runtimes/memory/clock.ts";

const stage = (files: () => Promise<DashboardFiles | undefined> = async () => new Map<string, never>()) => {
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

  it("are none where the sources are modules of JSR, and the page says where to get it", async () => {
    const page = new URL("https://jsr.io/@fairlead/fairlead/0.1.0/handlers/dashboard/page/");
    const { apps } = stage(() => dashboardFiles(page));
    for (const path of ["/", "/dashboard/main.js"]) {
      const response = await apps.page.request(path);
      expect(response.status).toBe(501);
      expect(await response.text()).toContain("install fairlead from npm");
    }
    expect((await dashboardFiles())?.get("")?.type).toBe("text/html");
  });
});
