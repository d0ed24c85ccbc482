// Arguments: port to listen on, port of the origin. Fairlead's handler where hono-proxy.mjs has Hono's own.
import process from "node:process";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { proxyTo } from "../../../runtimes/node/entry.ts";

const [port = 0, originPort = 0] = process.argv.slice(2).map(Number);
const app = new Hono();
app.all("*", proxyTo(`http://127.0.0.1:${originPort}`));
serve({ fetch: app.fetch, port, hostname: "127.0.0.1" });
