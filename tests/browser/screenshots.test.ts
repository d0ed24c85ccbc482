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
const SHOWN_MS = KEEPS ? 75_000 : 3_000;
const MOST_BYTES = 250_000;

const PICTURES: readonly {
  readonly name: string;
  readonly options: BrowserContextOptions;
  readonly at?: string;
}[] = [
  { name: "dashboard-light", options: { colorScheme: "light", viewport: { width: 1440, height: 1060 } } },
  { name: "dashboard-dark", options: { colorScheme: "dark", viewport: { width: 1440, height: 1060 } } },
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

/** Something to look at: moody is drained for a while, so that the chart shows what that does. */
const story = async (page: Page): Promise<void> => {
  await page.locator("#connection", { hasText: "Live" }).waitFor();
  await page.locator("#failures-table tbody tr").first().waitFor();
  await page.evaluate(`new Promise((done) => setTimeout(done, ${SHOWN_MS}))`);
  await page.getByRole("radio", { name: "1 min" }).check({ force: true });
};

describe("the demo's dashboard", () => {
  it("shows live traffic in light, dark and on a phone", async () => {
    const first = await openPage(browser, demo.dashboard, PICTURES[0]?.options);
    await story(first.page);
    await first.page.close();
    for (const { name, options } of PICTURES) {
      const { page, problems } = await openPage(browser, demo.dashboard, options);
      await page.locator("#connection", { hasText: "Live" }).waitFor();
      await page.locator("#failures-table tbody tr").first().waitFor();
      await page.getByRole("radio", { name: "1 min" }).check({ force: true });
      const picture = await page.screenshot();
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
