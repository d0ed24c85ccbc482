/** The dashboard: its page and files, which hold no data, and the event stream that does. */
import type { Hono } from "hono";
import type { AdminContext, AdminEnv } from "../admin/admin-env.ts";
import { eventStream } from "./event-stream.ts";
import type { LiveFeed } from "./live-feed.ts";

export interface DashboardFile {
  readonly type: string;
  readonly text: string;
}

/** By path below the root; "" is the page itself. */
export type DashboardFiles = ReadonlyMap<string, DashboardFile>;

export interface Dashboard {
  readonly files: () => Promise<DashboardFiles>;
  readonly feed: LiveFeed;
}

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

/** Serves the page at / and its files. They are the same for everybody, so no token is needed. */
export const addDashboardPage = (app: Hono<AdminEnv>, { files }: Pick<Dashboard, "files">): void => {
  let loading: Promise<DashboardFiles> | undefined;
  const answer = async (c: AdminContext): Promise<Response> => {
    const file = (await (loading ??= files())).get(c.req.path.slice(1));
    if (file === undefined) return c.notFound();
    return c.body(file.text, 200, { ...HEADERS, "content-type": `${file.type}; charset=utf-8` });
  };
  app.get("/", answer);
  app.get("/dashboard/:file", answer);
};

/** Serves what the page shows. */
export const addDashboardStream = (app: Hono<AdminEnv>, { feed }: Pick<Dashboard, "feed">): void => {
  app.get("/events", () => eventStream(feed));
};
