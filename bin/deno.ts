/** `fairlead` on Deno: `deno run --allow-all bin/deno.ts`. */
import { main } from "../cli/main.ts";
import { serve } from "../runtimes/deno/mod.ts";
import { commonHost, finish } from "./host.ts";

/** The little of Deno that is used here. */
interface DenoHttp {
  readonly version: { readonly deno: string };
  serve(
    options: { port: number; hostname: string; onListen(): void },
    answer: (request: Request) => Response | Promise<Response>,
  ): { readonly addr: { readonly port: number }; shutdown(): Promise<void> };
}

const { Deno } = globalThis as unknown as { readonly Deno: DenoHttp };

const code = await main({
  ...commonHost("deno"),
  runtimeName: `Deno ${Deno.version.deno}`,
  serve,
  serveDemo: async (answer) => {
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, answer);
    return { port: server.addr.port, close: () => server.shutdown() };
  },
});
await finish(code);
