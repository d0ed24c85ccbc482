// Arguments: port to listen on, port of the origin, bundle of examples/portable.ts. Served as each runtime's users do.
import process from "node:process";

const [portText, originPort, bundle] = process.argv.slice(2);
const port = Number(portText);
const hostname = "127.0.0.1";
process.env["UPSTREAM"] = `http://127.0.0.1:${originPort}`;
const { default: app } = await import(bundle);

if (globalThis.Bun !== undefined) Bun.serve({ port, hostname, idleTimeout: 75, fetch: app.fetch });
else if (globalThis.Deno !== undefined) Deno.serve({ port, hostname, onListen() {} }, app.fetch);
else {
  const { serve } = await import("@hono/node-server");
  serve({ fetch: app.fetch, port, hostname });
}
