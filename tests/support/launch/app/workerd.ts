import type { Hono } from "hono";
import { getConnInfo } from "hono/cloudflare-workers";
import config from "fairlead-config";
import { proxyTo } from "../../../../runtimes/workers/entry.ts";
import { createApp } from "./app.ts";

const { origin } = config as { readonly origin: string };

const app: Hono = createApp({ origin, proxyTo, getConnInfo });

export default app;
