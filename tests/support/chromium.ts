/** A real Chromium, unpacked once from the npm package that carries it. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { chromium } from "playwright-core";

const CACHE = fileURLToPath(new URL("../../node_modules/.cache/", import.meta.url));
const AXE = fileURLToPath(new URL("../../node_modules/axe-core/axe.min.js", import.meta.url));

/** The package unpacks into the directory for temporary files, where another process may be half done with it. */
const executable = async (): Promise<string> => {
  const home = join(CACHE, "chromium");
  const path = join(home, "chromium");
  if (existsSync(path)) return path;
  mkdirSync(CACHE, { recursive: true });
  const unpacked = mkdtempSync(join(CACHE, "chromium-"));
  const { TMPDIR } = process.env;
  process.env["TMPDIR"] = unpacked;
  try {
    const { default: packed } = await import("@sparticuz/chromium");
    await packed.executablePath();
  } finally {
    if (TMPDIR === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = TMPDIR;
  }
  if (existsSync(path)) rmSync(unpacked, { recursive: true });
  else renameSync(unpacked, home);
  return path;
};

/** Root may not use the sandbox, and tests in containers are root. */
export const launchChromium = async (): Promise<Browser> =>
  chromium.launch({ executablePath: await executable(), args: ["--no-sandbox"] });

/** A page, and what went wrong in it. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors of scripts, messages of the console from warnings up, violations of the page's policy. */
  readonly problems: string[];
  /** Whatever was asked for that the page's own server does not have. */
  readonly foreign: string[];
}

const REPORT_VIOLATIONS = `document.addEventListener("securitypolicyviolation", (event) => {
  console.error("policy violated:", event.violatedDirective, event.blockedURI);
});`;

export const openPage = async (
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> => {
  const page = await browser.newPage({ locale: "en-US", viewport: { width: 1440, height: 900 }, ...options });
  const problems: string[] = [];
  const foreign: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
  });
  page.on("dialog", (dialog) => {
    problems.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) foreign.push(request.url());
  });
  await page.addInitScript({ content: REPORT_VIOLATIONS });
  // A machine that is busy with other tests takes its time.
  page.setDefaultTimeout(60_000);
  await page.goto(url);
  return { page, problems, foreign };
};

interface AxeViolation {
  readonly id: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary?: string }[];
}

/** What axe-core objects to, in words. Its script is run by the debugger: the page's policy lets none in. */
export const accessibilityProblems = async (page: Page): Promise<readonly string[]> => {
  const session = await page.context().newCDPSession(page);
  const run = "axe.run().then(({ violations }) => JSON.stringify(violations))";
  const { result } = await session.send("Runtime.evaluate", {
    expression: `${readFileSync(AXE, "utf8")};${run}`,
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  const violations = JSON.parse(String(result.value)) as readonly AxeViolation[];
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target.join(" ")}: ${failureSummary ?? ""}`),
  );
};
