/** The little of Deno that is used here. */

export interface DenoServeInfo {
  readonly remoteAddr: { readonly hostname?: string; readonly port?: number };
  /** Settles when the response has been sent, or won't be. */
  readonly completed: Promise<void>;
}

export interface DenoServer {
  readonly addr: { readonly hostname: string; readonly port: number };
  readonly finished: Promise<void>;
  shutdown(): Promise<void>;
}

export interface DenoServeOptions {
  readonly port: number;
  readonly hostname: string;
  readonly signal: AbortSignal;
  readonly automaticCompression: false;
  onListen(): void;
  onError(error: unknown): Response;
}

export interface DenoClientOptions {
  readonly allowHost: true;
  readonly http2: false;
  readonly poolMaxIdlePerHost: number;
  readonly poolIdleTimeout: number | false;
  readonly cert?: string;
  readonly key?: string;
}

export interface DenoClient {
  close(): void;
}

export interface DenoRuntime {
  readonly version: { readonly deno: string };
  serve(
    options: DenoServeOptions,
    answer: (request: Request, info: DenoServeInfo) => Response | Promise<Response>,
  ): DenoServer;
  createHttpClient(options: DenoClientOptions): DenoClient;
  unrefTimer(id: number): void;
}

/** Throws when this is another runtime. */
export const deno = (): DenoRuntime => {
  const { Deno } = globalThis as { readonly Deno?: DenoRuntime };
  if (Deno === undefined) throw new Error("fairlead/deno runs on Deno only");
  return Deno;
};
