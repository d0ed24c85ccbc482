#!/usr/bin/env bun
/** `fairlead` on Bun. */
import { raiseRequestLimit } from "./bun-request-limit.ts";

raiseRequestLimit();

// Loaded only now: a program that is about to be replaced needs none of it.
const { main } = await import("../cli/main.ts");
const { serve } = await import("../runtimes/bun/mod.ts");
const { commonHost, finish } = await import("./host.ts");

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
