import { getConnInfo } from "hono/deno";
import { proxyTo } from "../../../../runtimes/deno/entry.ts";
import { createApp } from "./app.ts";

interface DenoServer {
  readonly args: readonly string[];
  serve(options: object, handler: unknown): unknown;
}

const { Deno } = globalThis as unknown as { readonly Deno: DenoServer };
const { fetch } = createApp({ origin: Deno.args[0] ?? "", proxyTo, getConnInfo });
const onListen = ({ port }: { port: number }): void => console.log(`{"port":${port}}`);
Deno.serve({ port: 0, hostname: "127.0.0.1", onListen }, fetch);
