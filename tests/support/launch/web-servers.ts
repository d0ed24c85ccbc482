/** The little of other servers that launchers use. */

export type Fetch = (request: Request, env: unknown) => Response | Promise<Response>;

/** Serves on a free port of loopback, by `Deno.serve`. */
export const serveByDeno = (fetch: Fetch): number => {
  const { Deno } = globalThis as unknown as {
    readonly Deno: {
      serve(options: object, handler: Fetch): { readonly addr: { readonly port: number } };
    };
  };
  const options = {
    port: 0,
    hostname: "127.0.0.1",
    signal: new AbortController().signal,
    automaticCompression: false,
    onListen() {},
    onError: (error: unknown) => new Response(String(error), { status: 500 }),
  };
  return Deno.serve(options, (request, info) => fetch(request, info)).addr.port;
};

/** Serves on a free port of loopback, by `Bun.serve`. */
export const serveByBun = (fetch: Fetch): number => {
  const { Bun } = globalThis as unknown as {
    readonly Bun: { serve(options: object): { readonly port: number } };
  };
  const { port } = Bun.serve({
    fetch: (request: Request, server: unknown) => fetch(request, server),
    error: (error: unknown) => new Response(String(error), { status: 500 }),
    port: 0,
    hostname: "127.0.0.1",
    development: false,
    idleTimeout: 0,
  });
  return port;
};
