/** The little of Bun that is used here. */

export interface BunServer {
  readonly hostname: string;
  readonly port: number;
  readonly pendingRequests: number;
  requestIP(request: Request): { readonly address: string; readonly port: number } | null;
  /** Seconds; 0 takes the connection's idle timer off for good. */
  timeout(request: Request, seconds: number): void;
  stop(closeActiveConnections?: boolean): Promise<void>;
}

export interface BunServeOptions {
  readonly port: number;
  readonly hostname: string;
  readonly development: false;
  /** Seconds, at most 255. */
  readonly idleTimeout: number;
  readonly maxRequestBodySize: number;
  fetch(request: Request, server: BunServer): Response | Promise<Response>;
  error(error: unknown): Response;
}

export interface BunRuntime {
  readonly version: string;
  serve(options: BunServeOptions): BunServer;
}

/** Throws when this is another runtime. */
export const bun = (): BunRuntime => {
  const { Bun } = globalThis as { readonly Bun?: BunRuntime };
  if (Bun === undefined) throw new Error("fairlead/bun runs on Bun only");
  return Bun;
};
