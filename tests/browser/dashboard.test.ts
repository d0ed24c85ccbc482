/** The dashboard in a real Chromium, in front of a proxy that runs, with traffic that fails. */
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ConfigInput } from "../../src/config/types.ts";
import { type AdminCommand, startCommand } from "../support/admin-command.ts";
import { type WatchedPage, accessibilityProblems, launchChromium, openPage } from "../support/chromium.ts";
import { type DashboardOrigin, startDashboardOrigin } from "../support/dashboard-origin.ts";
import { freePort } from "../support/free-port.ts";

const HOSTILE = `<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'"&`;

let browser: Browser;
let origins: readonly DashboardOrigin[] = [];
let proxy: AdminCommand;
const opened: WatchedPage[] = [];

const origin = (index: number): DashboardOrigin => {
  const found = origins[index];
  if (found === undefined) throw new RangeError(`no origin ${index}`);
  return found;
};

const configOf = async (): Promise<ConfigInput> => ({
  admin: { port: 0 },
  upstreams: {
    pair: {
      endpoints: [origin(0).url, origin(1).url],
      balance: "round-robin",
      retry: false,
      slowStart: "0s",
    },
    single: origin(0).url,
    gone: `http://127.0.0.1:${await freePort()}`,
  },
  routes: [
    { name: "gone", match: { path: "/gone/*" }, upstream: "gone" },
    { name: "single", match: { path: "/single/*" }, upstream: "single", rewrite: { stripPrefix: true } },
    { name: HOSTILE, match: { path: "/hostile/*" }, respond: { status: 200 } },
    { name: "pair", upstream: "pair" },
  ],
});

const open = async (options: BrowserContextOptions = {}): Promise<WatchedPage> => {
  const watched = await openPage(browser, proxy.dashboard, options);
  opened.push(watched);
  await watched.page.locator("#connection", { hasText: "Live" }).waitFor();
  return watched;
};

/** Sends requests one after the other. @returns their statuses and ids */
const send = async (target: string, times = 1): Promise<{ status: number; id: string }[]> => {
  const answers: { status: number; id: string }[] = [];
  for (let i = 0; i < times; i += 1) {
    const response = await fetch(`${proxy.address}${target}`);
    await response.arrayBuffer();
    answers.push({ status: response.status, id: response.headers.get("x-request-id") ?? "" });
  }
  return answers;
};

const row = (page: Page, table: string, text: string): Locator =>
  page.locator(`#${table} tbody tr`, { hasText: text });
const endpointRow = (page: Page, index: number, upstream = "pair"): Locator =>
  row(page, "endpoints-table", origin(index).url).filter({ hasText: upstream });

const figure = (page: Page, label: string): Locator => page.locator("#figures > div", { hasText: label });

beforeAll(async () => {
  browser = await launchChromium();
  origins = [await startDashboardOrigin(), await startDashboardOrigin()];
});

afterAll(async () => {
  await browser?.close();
  await Promise.all(origins.map((each) => each.stop()));
});

describe("dashboard", () => {
  beforeAll(async () => {
    proxy = await startCommand(await configOf());
  });
  afterAll(async () => proxy?.stop());
  afterEach(async () => {
    for (const { page, problems, foreign } of opened.splice(0)) {
      await page.close();
      const all = [...problems, ...foreign.map((url) => `it fetched ${url}`)];
      if (all.length > 0) throw new Error(`the page complained: ${all.join("; ")}`);
    }
  });

  it("says how to begin before there is traffic", async () => {
    const { page } = await open();
    await page.locator(".banner", { hasText: `curl -i http://` }).waitFor();
    expect(await page.locator(".banner").innerText()).toContain(new URL(proxy.address).port);
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  it("shows what was sent, and counts errors by cause", async () => {
    const { page } = await open();
    expect((await send("/single/", 20)).every(({ status }) => status === 200)).toBe(true);
    await send("/single/status/503", 6);
    const [failed] = await send("/gone/x?password=hunter2&page=3", 4);
    expect(failed?.status).toBe(502);
    await figure(page, "Requests/s").getByText("30 in all").waitFor();
    await row(page, "causes-table", "connect-failed").locator("td", { hasText: /^4$/ }).waitFor();
    await row(page, "causes-table", "503").locator("td", { hasText: /^6$/ }).waitFor();
    await row(page, "routes-table", "single").locator("td", { hasText: "6 (23.1 %)" }).waitFor();
    await row(page, "upstreams-table", "gone").waitFor();
    const failure = row(page, "failures-table", failed?.id ?? "none");
    await failure.waitFor();
    const text = await failure.innerText();
    expect(text).toContain("502 connect-failed");
    expect(text).toContain("GET /gone/x?password=***&page=3");
    expect(await page.locator("#latency-chart .plot").getAttribute("aria-label")).toMatch(/p50 [\d.]+ ms/);
    expect(await page.locator(".banner").count()).toBe(0);
  });

  it("shows failures as they happen, with the ids that clients got", async () => {
    const { page } = await open();
    const [first] = await send("/gone/tail");
    await row(page, "failures-table", first?.id ?? "none").waitFor({ timeout: 5_000 });
    const [second] = await send("/single/status/500");
    await row(page, "failures-table", second?.id ?? "none").waitFor({ timeout: 5_000 });
    expect(await page.locator("#failures-table tbody tr").first().innerText()).toContain("500");
    await page.getByPlaceholder("Request id, path, cause, client").fill(first?.id ?? "none");
    await expect.poll(() => page.locator("#failures-table tbody tr").count()).toBe(1);
  });

  it("drains an endpoint and enables it again, and traffic follows at once", async () => {
    const { page } = await open();
    const target = endpointRow(page, 1);
    await target.getByRole("button", { name: "Drain" }).click();
    await target.getByText("Drained").waitFor();
    const before = origin(1).requests;
    await send("/drained", 10);
    expect(origin(1).requests).toBe(before);
    await row(page, "upstreams-table", "pair").getByText("1 of 2").waitFor();
    await page.locator("#activity-list", { hasText: "drain" }).waitFor();
    await target.getByRole("button", { name: "Enable" }).click();
    await target.getByText("Serving").waitFor();
    await send("/enabled", 10);
    expect(origin(1).requests).toBeGreaterThan(before);
  });

  it("opens and closes a breaker", async () => {
    const { page } = await open();
    const target = endpointRow(page, 0);
    await target.getByRole("button", { name: "Open breaker" }).click();
    await target.getByText("Circuit open").waitFor();
    await target.getByRole("cell", { name: "open, by hand", exact: true }).waitFor();
    const before = origin(0).requests;
    await send("/opened", 6);
    expect(origin(0).requests).toBe(before);
    await target.getByRole("button", { name: "Close breaker" }).click();
    await target.getByText("Serving").waitFor();
    await send("/closed", 6);
    expect(origin(0).requests).toBeGreaterThan(before);
  });

  it("asks before it takes the last endpoint of an upstream away", async () => {
    const { page } = await open();
    const target = endpointRow(page, 0, "single");
    const dialog = page.locator("#confirm-dialog");
    await target.getByRole("button", { name: "Drain" }).click();
    await dialog.getByText("Stop all traffic to single?").waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    expect(await send("/single/")).toMatchObject([{ status: 200 }]);
    await target.getByRole("button", { name: "Drain" }).click();
    await dialog.getByRole("button", { name: "Drain it" }).click();
    await target.getByText("Drained").waitFor();
    expect(await send("/single/")).toMatchObject([{ status: 503 }]);
    await target.getByRole("button", { name: "Enable" }).click();
    await target.getByText("Serving").waitFor();
  });

  it("can be worked by keyboard alone", async () => {
    const { page } = await open();
    await page.keyboard.press("Tab");
    expect(await page.locator(":focus").innerText()).toBe("Skip to content");
    await page.getByRole("radio", { name: "5 min" }).focus();
    await page.keyboard.press("ArrowRight");
    expect(await page.getByRole("radio", { name: "10 min" }).isChecked()).toBe(true);
    await page.locator("#endpoint-filter").focus();
    await page.keyboard.type("pair");
    await expect.poll(() => page.locator("#endpoints-table tbody tr").count()).toBe(2);
    const reached: string[] = [];
    for (let presses = 0; presses < 30; presses += 1) {
      await page.keyboard.press("Tab");
      const name = (await page.locator(":focus").getAttribute("aria-label")) ?? "";
      reached.push(name);
      if (name.startsWith("Drain ")) break;
    }
    const name = reached.at(-1) ?? "";
    expect(name).toMatch(/^Drain http/);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: name.replace("Drain", "Enable") }).waitFor();
    expect(await page.locator(":focus").getAttribute("aria-label")).toBe(name.replace("Drain", "Enable"));
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name, exact: true }).first().waitFor();
    await page.getByRole("columnheader", { name: "Req/s" }).last().getByRole("button").focus();
    await page.keyboard.press("Space");
    expect(await page.locator("#endpoints-table [aria-sort=descending]").innerText()).toContain("Req/s");
  });

  it("shows hostile names and requests as text", async () => {
    const { page } = await open();
    await fetch(`${proxy.address}/gone/${encodeURIComponent(HOSTILE)}`, {
      headers: { "x-request-id": HOSTILE, "user-agent": HOSTILE, "x-forwarded-for": HOSTILE },
    });
    await send("/hostile/x");
    await row(page, "routes-table", HOSTILE).waitFor();
    await row(page, "failures-table", "onerror").waitFor();
    expect(await page.evaluate<boolean>('"pwned" in globalThis')).toBe(false);
    expect(await page.locator("main img, main script, main iframe").count()).toBe(0);
  });

  it("shows the config in effect, without its secrets", async () => {
    const { page } = await open();
    await page.getByRole("button", { name: "Show config" }).click();
    await page.locator("#config-text", { hasText: '"upstreams"' }).waitFor();
    expect(await page.locator("#instance").innerText()).toContain("config generation 1");
  });

  it("asks nothing of the proxy while it is paused, and catches up after", async () => {
    const { page } = await open();
    await page.getByRole("button", { name: "Pause" }).click();
    await page.locator("#connection", { hasText: "Paused" }).waitFor();
    const shown = await figure(page, "Requests/s").innerText();
    await send("/paused", 7);
    const before = Number(/([\d,]+) in all/.exec(shown)?.[1]?.replace(",", ""));
    expect(await figure(page, "Requests/s").innerText()).toBe(shown);
    await page.getByRole("button", { name: "Resume" }).click();
    await figure(page, "Requests/s")
      .getByText(`${before + 7} in all`)
      .waitFor();
  });

  for (const [name, options] of Object.entries({
    light: { colorScheme: "light" },
    dark: { colorScheme: "dark" },
    phone: { colorScheme: "light", viewport: { width: 375, height: 812 } },
    "dark phone": { colorScheme: "dark", viewport: { width: 375, height: 812 } },
  } as const)) {
    it(`has no accessibility problem and fits its width: ${name}`, async () => {
      const { page } = await open(options);
      await send("/gone/a11y", 2);
      await row(page, "failures-table", "/gone/a11y").first().waitFor();
      await page.getByRole("button", { name: "Show config" }).click();
      await page.locator("#config-text", { hasText: '"upstreams"' }).waitFor();
      expect(await accessibilityProblems(page)).toEqual([]);
      const width = await page.evaluate<number>("document.documentElement.scrollWidth");
      expect(width).toBe(page.viewportSize()?.width);
    });
  }

  it("switches between the system's theme, light and dark, and remembers it", async () => {
    const { page } = await open({ colorScheme: "light" });
    const ground = () => page.evaluate<string>("getComputedStyle(document.body).color");
    const light = await ground();
    await page.getByRole("button", { name: "Theme: system" }).click();
    await page.getByRole("button", { name: "Theme: light" }).click();
    await page.getByRole("button", { name: "Theme: dark" }).waitFor();
    expect(await ground()).not.toBe(light);
    await page.reload();
    await page.getByRole("button", { name: "Theme: dark" }).waitFor();
    expect(await ground()).not.toBe(light);
  });
});
