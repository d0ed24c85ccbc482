#!/usr/bin/env bun
/** `fairlead` on Bun. */
import { main } from "../cli/main.ts";
import { serve } from "../runtimes/bun/mod.ts";
import { commonHost, finish } from "./host.ts";

/** The little of Bun that is used here. */
interface BunHttp {
  readonly version: string;
  serve(options: { port: number; hostname: string; fetch(request: Request): Response | Promise<Response> }): {
    readonly port: number;
    stop(closeConnections: boolean): Promise<void>;
  };
}

const { Bun } = globalThis as unknown as { readonly Bun: BunHttp };

const code = await main({
  ...commonHost("bun"),
  runtimeName: `Bun ${Bun.version}`,
  serve,
  serveDemo: async (answer) => {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => answer(request) });
    return { port: server.port, close: () => server.stop(true) };
  },
});
await finish(code);
