// Everything over Web standards: this one file serves on Node, Deno, Bun and Cloudflare Workers.
//   deno serve --allow-all examples/portable.ts · bun examples/portable.ts · wrangler deploy examples/portable.ts
// On Node: import app from "./portable.ts"; import { serve } from "@hono/node-server"; serve(app);
import { circuitBreaker, metrics, proxyTo, securityHeaders, validation } from "fairlead";
import { Hono } from "hono";

const env = globalThis.process?.env ?? {};
const upstream = env["UPSTREAM"] ?? "http://localhost:3000";

const app = new Hono();
app.use(metrics({ otlp: { endpoint: env["OTEL_EXPORTER_OTLP_ENDPOINT"], interval: "5s" } }));
app.use(securityHeaders());
app.use(validation({ limits: { bodyBytes: "10MB" } }));

app.get("/hello", (c) => c.text("from the app itself\n"));
app.use(circuitBreaker());
app.all("*", proxyTo(upstream, { transport: "fetch" }));

export default app;
