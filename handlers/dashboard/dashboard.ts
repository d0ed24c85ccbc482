/** The dashboard: its page and files, which hold no data, and the event stream that does. */
import { Hono } from "hono";
import type { AdminContext, AdminEnv } from "../admin/admin-env.ts";
import { refusal } from "../admin/refusal.ts";
import { eventStream } from "./event-stream.ts";
import type { LiveFeed } from "./live-feed.ts";

export interface DashboardFile {
  readonly type: string;
  readonly text: string;
}

/** By path below the root; "" is the page itself. */
export type DashboardFiles = ReadonlyMap<string, DashboardFile>;

/** Nothing from elsewhere, nothing inline, nothing made from text by script. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const HEADERS = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** What the dashboard adds to an admin app. */
export interface DashboardApps {
  /** The page at / and its files: the same for everybody, so that no token is needed. */
  readonly page: Hono<AdminEnv>;
  /** What the page shows. */
  readonly stream: Hono<AdminEnv>;
}

const NO_FILES = "the package from JSR has no dashboard; install fairlead from npm for it";

/** @param files is called when the page is first asked for. Undefined where the installation has none, which is answered 501. */
export const dashboardApps = (
  files: () => Promise<DashboardFiles | undefined>,
  feed: LiveFeed,
): DashboardApps => {
  let loading: Promise<DashboardFiles | undefined> | undefined;
  const answer = async (c: AdminContext): Promise<Response> => {
    loading ??= files().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    const found = await loading;
    if (found === undefined) return refusal(c, 501, NO_FILES);
    const file = found.get(c.req.path.slice(1));
    if (file === undefined) return refusal(c, 404, "the dashboard has no such file");
    return c.body(file.text, 200, { ...HEADERS, "content-type": `${file.type}; charset=utf-8` });
  };
  return {
    page: new Hono<AdminEnv>().get("/", answer).get("/dashboard/:file", answer),
    stream: new Hono<AdminEnv>().get("/events", (c) => eventStream(feed, c.req.method)),
  };
};
