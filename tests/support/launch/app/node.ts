import { serve } from "@hono/node-server";
import { getConnInfo } from "@hono/node-server/conninfo";
import { proxyTo } from "../../../../runtimes/node/entry.ts";
import { createApp } from "./app.ts";

const { fetch } = createApp({ origin: process.argv[2] ?? "", proxyTo, getConnInfo });
serve({ fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => console.log(`{"port":${port}}`));
