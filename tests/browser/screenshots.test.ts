/** The demo as a newcomer sees it. `npm run screenshots` writes the pictures of the README. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AdminCommand, startCommand } from "../support/admin-command.ts";
import { launchChromium, openPage } from "../support/chromium.ts";
import { ROOT } from "../support/sources.ts";

const IMAGES = join(ROOT, "docs/images");
const KEEPS = process.env["FAIRLEAD_SCREENSHOTS"] === "write";
/** Traffic that the charts show. */
const SHOWN_MS = KEEPS ? 66_000 : 3_000;
const MOST_BYTES = 450_000;

const WINDOW = { width: 1440, height: 1060 };
const LIGHT: BrowserContextOptions = { colorScheme: "light", viewport: WINDOW };

const PICTURES: readonly {
  readonly name: string;
  readonly options: BrowserContextOptions;
  /** Instead of what fits the window. */
  readonly isWhole?: boolean;
}[] = [
  { name: "dashboard-light", options: LIGHT },
  { name: "dashboard-dark", options: { colorScheme: "dark", viewport: WINDOW } },
  { name: "dashboard-whole", options: LIGHT, isWhole: true },
  { name: "dashboard-phone", options: { colorScheme: "light", viewport: { width: 375, height: 812 } } },
];

let browser: Browser;
let demo: AdminCommand;

beforeAll(async () => {
  browser = await launchChromium();
  demo = await startCommand(undefined);
});

afterAll(async () => {
  await demo?.stop();
  await browser?.close();
});

const pause = (page: Page, ms: number): Promise<unknown> =>
  page.evaluate(`new Promise((done) => setTimeout(done, ${ms}))`);

const ready = async (page: Page): Promise<void> => {
  await page.locator("#connection", { hasText: "Live" }).waitFor();
  await page.locator("#failures-table tbody tr").first().waitFor();
  await page.getByRole("radio", { name: "1 min" }).check({ force: true });
};

/** The slow server is drained and comes back: meanwhile the latency is that of the others. */
const story = async (page: Page): Promise<void> => {
  const third = SHOWN_MS / 3;
  const [, slow = ""] = /(http:\S+) +steady/.exec(demo.child.stdout) ?? [];
  const row = page.locator("#endpoints-table tbody tr", { hasText: slow }).filter({ hasText: "demo" });
  await pause(page, third);
  await row.getByRole("button", { name: "Drain" }).click();
  await row.getByText("Drained").waitFor();
  await pause(page, third);
  await row.getByRole("button", { name: "Enable" }).click();
  await row.getByText("Serving").waitFor();
  await pause(page, third);
};

describe("the demo's dashboard", () => {
  it("shows live traffic in light, dark and on a phone", async () => {
    const first = await openPage(browser, demo.dashboard, LIGHT);
    await ready(first.page);
    await story(first.page);
    await first.page.close();
    for (const { name, options, isWhole = false } of PICTURES) {
      const { page, problems } = await openPage(browser, demo.dashboard, options);
      await ready(page);
      const picture = await page.screenshot({ fullPage: isWhole });
      expect(picture.byteLength).toBeGreaterThan(10_000);
      expect(picture.byteLength).toBeLessThan(MOST_BYTES);
      expect(problems).toEqual([]);
      await page.close();
      if (!KEEPS) continue;
      mkdirSync(IMAGES, { recursive: true });
      writeFileSync(join(IMAGES, `${name}.png`), picture);
    }
  }, 180_000);
});
