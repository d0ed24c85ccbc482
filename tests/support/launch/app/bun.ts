import { getConnInfo } from "hono/bun";
import { proxyTo } from "../../../../runtimes/bun/entry.ts";
import { createApp } from "./app.ts";

interface BunServe {
  serve(options: object): { readonly port: number };
}

const { Bun } = globalThis as unknown as { readonly Bun: BunServe };
const { fetch } = createApp({ origin: process.argv[2] ?? "", proxyTo, getConnInfo });
const { port } = Bun.serve({ fetch, port: 0, hostname: "127.0.0.1" });
console.log(`{"port":${port}}`);
