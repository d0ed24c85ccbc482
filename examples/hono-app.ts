// A Hono app of your own: node examples/hono-app.ts
import { serve } from "@hono/node-server";
import { errorBoundary, proxyTo, requestId, securityHeaders } from "fairlead";
import { Hono } from "hono";

const api = process.env["API"] ?? "http://localhost:3001";

const app = new Hono();
app.use(errorBoundary());
app.use(requestId());
app.use(securityHeaders({ preset: "strict" }));

app.get("/hello", (c) => c.text("from the app itself\n"));
app.all("/api/*", proxyTo(api, { timeouts: { total: "10s" } }));

serve({ fetch: app.fetch, port: Number(process.env["PORT"] ?? 8787) }, ({ port }) => {
  console.log(`http://localhost:${port}`);
});
