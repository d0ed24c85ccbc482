/** What `Deno.serve` tells of a request besides the `Request`: its info, which is Hono's `c.env`. */
import { peerOf } from "../../src/core/peer.ts";
import type { ServerRequest } from "../../src/web/arrival.ts";

interface ServeInfo {
  readonly remoteAddr: { readonly hostname?: string; readonly port?: number };
}

const isServeInfo = (env: unknown): env is ServeInfo =>
  typeof env === "object" && env !== null && "remoteAddr" in env;

/** Fields of the server's own requests can't be changed, unlike those of requests that the app made. */
const hasFixedFields = ({ headers }: Request): boolean => {
  try {
    headers.delete("content-length");
    return false;
  } catch {
    return true;
  }
};

export const denoServerRequest = (_request: Request, env: unknown): ServerRequest | undefined => {
  if (!isServeInfo(env)) return undefined;
  const { hostname = "", port } = env.remoteAddr;
  return { peer: () => peerOf(hostname, port), isOriginal: hasFixedFields };
};
