/** The dashboard when a token is needed, the proxy is gone, there are a thousand endpoints, and on every runtime. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AdminCommand, type CommandRuntime, startCommand } from "../support/admin-command.ts";
import { accessibilityProblems, launchChromium, openPage } from "../support/chromium.ts";
import { type DashboardOrigin, startDashboardOrigin } from "../support/dashboard-origin.ts";
import { freePort } from "../support/free-port.ts";

const TOKEN = "a-token-of-the-operators";

let browser: Browser;
let origin: DashboardOrigin;

beforeAll(async () => {
  browser = await launchChromium();
  origin = await startDashboardOrigin("0.0.0.0");
});

afterAll(async () => {
  await browser?.close();
  await origin?.stop();
});

const originPort = (): string => new URL(origin.url).port;

const isLive = (page: Page): Promise<void> => page.locator("#connection", { hasText: "Live" }).waitFor();

const using = async (proxy: AdminCommand, test: (proxy: AdminCommand) => Promise<void>): Promise<void> => {
  try {
    await test(proxy);
  } finally {
    await proxy.stop();
  }
};

describe("dashboard on a listener with a token", () => {
  it("asks for it, says when it is wrong, and keeps it in the tab alone", async () => {
    const config = {
      admin: { port: 0, token: TOKEN },
      upstreams: { main: origin.url },
      routes: [{ upstream: "main" }],
    };
    await using(await startCommand(config), async ({ dashboard }) => {
      expect((await fetch(`${dashboard}events`)).status).toBe(401);
      const { page, problems } = await openPage(browser, dashboard);
      const dialog = page.locator("#token-dialog");
      await dialog.waitFor();
      expect(await accessibilityProblems(page)).toEqual([]);
      await page.getByLabel("Token", { exact: true }).fill("not-the-token-at-all");
      await page.keyboard.press("Enter");
      await dialog.getByText("That token was refused").waitFor();
      await page.getByLabel("Token", { exact: true }).fill(TOKEN);
      await page.keyboard.press("Enter");
      await isLive(page);
      await dialog.waitFor({ state: "hidden" });
      await page.getByRole("button", { name: "Show config" }).click();
      const shown = page.locator("#config-text", { hasText: '"token": "***"' });
      await shown.waitFor();
      expect(await page.content()).not.toContain(TOKEN);
      expect(page.url()).toBe(dashboard);
      expect(await page.evaluate<string>("JSON.stringify(localStorage)")).not.toContain(TOKEN);
      await page.reload();
      await isLive(page);
      // What a browser says about a 401.
      expect(problems.filter((each) => !each.includes("401"))).toEqual([]);
      await page.close();
    });
  });
});

describe("dashboard of a proxy that goes away", () => {
  it("says so, keeps what it showed, and comes back by itself", async () => {
    const config = {
      admin: { port: await freePort() },
      upstreams: { main: origin.url },
      routes: [{ upstream: "main" }],
    };
    const first = await startCommand(config);
    const { page } = await openPage(browser, first.dashboard);
    try {
      await isLive(page);
      await fetch(`${first.address}/`);
      await page.locator("#figures", { hasText: "1 in all" }).waitFor();
    } finally {
      await first.stop();
    }
    await page.locator("#connection", { hasText: "Disconnected" }).waitFor();
    await page
      .locator(".banner", { hasText: /Trying again\. What is shown is from \d\d:\d\d:\d\d/ })
      .waitFor();
    await page.locator("#figures", { hasText: "1 in all" }).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await using(await startCommand(config), async () => {
      await isLive(page);
      await page.locator("#figures", { hasText: "0 in all" }).waitFor();
      expect(await page.locator(".banner", { hasText: "Trying again" }).count()).toBe(0);
    });
    await page.close();
  });
});

describe("dashboard with 1,000 endpoints", () => {
  const COUNT = 1_000;
  const ROWS = 50;
  /** Of the page's main thread, for one second's message. */
  const MOST_CPU_MS = 150;
  const TICKS = 5;

  /** @returns what tells the seconds that tasks of the page have taken */
  const taskClock = async (page: Page): Promise<() => Promise<number>> => {
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    return async () => {
      const { metrics } = await session.send("Performance.getMetrics");
      return metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN;
    };
  };

  it("stays quick: a page of rows, a filter, and little work a second", async () => {
    const endpoints = Array.from(
      { length: COUNT },
      (_, index) => `http://127.1.${Math.floor(index / 250)}.${(index % 250) + 1}:${originPort()}`,
    );
    const config = {
      admin: { port: 0 },
      upstreams: { many: { endpoints, balance: "round-robin", slowStart: "0s" } },
      routes: [{ upstream: "many" }],
    } as const;
    await using(await startCommand(config), async ({ address, dashboard }) => {
      const { page, problems } = await openPage(browser, dashboard);
      await isLive(page);
      await page.locator("#endpoints-table", { hasText: "1–50 of 1,000" }).waitFor();
      expect(await page.locator("#endpoints-table tbody tr").count()).toBe(ROWS);
      const sending = { isOn: true };
      const traffic = (async () => {
        while (sending.isOn)
          await Promise.all(Array.from({ length: 20 }, async () => (await fetch(address)).text()));
      })();
      const taken = await taskClock(page);
      const before = await taken();
      await page.evaluate(`new Promise((done) => setTimeout(done, ${TICKS * 1_000}))`);
      const perTick = ((await taken()) - before) / TICKS;
      sending.isOn = false;
      await traffic;
      console.log(`1,000 endpoints: ${(perTick * 1_000).toFixed(1)} ms of the page's main thread a second`);
      expect(perTick).toBeGreaterThan(0);
      expect(perTick * 1_000).toBeLessThan(MOST_CPU_MS);
      const filterMs = await page.evaluate<number>(`(() => {
        const input = document.getElementById("endpoint-filter");
        const started = performance.now();
        input.value = "127.1.3.231";
        input.dispatchEvent(new Event("input"));
        document.body.offsetHeight;
        return performance.now() - started;
      })()`);
      console.log(`filtering took ${filterMs.toFixed(1)} ms`);
      expect(filterMs).toBeLessThan(100);
      expect(await page.locator("#endpoints-table tbody tr").count()).toBe(1);
      await page.getByRole("button", { name: "Drain http://127.1.3.231" }).click();
      await page.locator("#endpoints-table", { hasText: "Drained" }).waitFor();
      await page.locator("#figures > div", { hasText: "of 1,000 available" }).getByText("999").waitFor();
      expect(problems).toEqual([]);
      await page.close();
    });
  });
});

describe("dashboard of a proxy with two threads", () => {
  it("shows what both did, and the failures of both", async () => {
    const config = {
      threads: 2,
      // The threads share it.
      listen: { port: await freePort(), host: "127.0.0.1" },
      admin: { port: await freePort() },
      upstreams: { gone: `http://127.0.0.1:${await freePort()}` },
      routes: [{ upstream: "gone" }],
    };
    await using(await startCommand(config, "node", []), async ({ address, dashboard }) => {
      const { page } = await openPage(browser, dashboard);
      await isLive(page);
      await page.locator("#instance", { hasText: "2 threads" }).waitFor();
      const ids: string[] = [];
      for (let i = 0; i < 10; i += 1) {
        const response = await fetch(address, { headers: { connection: "close" } });
        await response.arrayBuffer();
        ids.push(response.headers.get("x-request-id") ?? "");
      }
      await page.locator("#figures > div", { hasText: "Requests/s" }).getByText("10 in all").waitFor();
      await page.locator("#failures .muted", { hasText: "The last 10 failures" }).waitFor();
      const shown = await page.locator("#failures-table code").allInnerTexts();
      expect(shown.toSorted()).toEqual(ids.toSorted());
      await page.close();
    });
  });
});

for (const runtime of ["deno", "bun"] satisfies CommandRuntime[]) {
  describe(`dashboard of the demo on ${runtime}`, () => {
    it("shows its traffic", async () => {
      await using(await startCommand(undefined, runtime), async ({ dashboard }) => {
        const { page, problems } = await openPage(browser, dashboard);
        await isLive(page);
        await page
          .locator("#figures > div", { hasText: "Requests/s" })
          .getByText(/^[1-9][\d,]* in all$/)
          .waitFor();
        await page.locator("#endpoints-table tbody tr", { hasText: "Serving" }).first().waitFor();
        expect(problems).toEqual([]);
        await page.close();
      });
    });
  });
}
