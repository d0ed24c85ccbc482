import config from "fairlead-config";
import type { Hono } from "hono";
import { getConnInfo } from "hono/cloudflare-workers";
import * as library from "../../../runtimes/workers/entry.ts";
import { libraryApp } from "./app.ts";

const { upstreams } = config as { readonly upstreams: Readonly<Record<string, string>> };
const app: Hono = libraryApp(library, Object.values(upstreams)[0] ?? "", getConnInfo);

export default app;
