import { serve } from "@hono/node-server";
import { announce } from "./app-origin.ts";
import { portableApp } from "./portable-app.ts";

const app = await portableApp();
serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => announce(port));
