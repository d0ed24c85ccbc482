/** What `Bun.serve` tells of a request besides the `Request`: its server, which is Hono's `c.env` or `c.env.server`. */
import { UNKNOWN_PEER, peerOf } from "../../src/core/peer.ts";
import type { ServerRequest } from "../../src/web/arrival.ts";

interface BunServer {
  requestIP(request: Request): { readonly address: string; readonly port: number } | null;
}

const isServer = (env: unknown): env is BunServer =>
  typeof env === "object" && env !== null && "requestIP" in env;

const serverIn = (env: unknown): BunServer | undefined => {
  if (isServer(env)) return env;
  return typeof env === "object" && env !== null && "server" in env && isServer(env.server)
    ? env.server
    : undefined;
};

export const bunServerRequest = (original: Request, env: unknown): ServerRequest | undefined => {
  const server = serverIn(env);
  if (server === undefined) return undefined;
  return {
    peer: () => {
      const peer = server.requestIP(original);
      return peer === null ? UNKNOWN_PEER : peerOf(peer.address, peer.port);
    },
    isOriginal: (request) => server.requestIP(request) !== null,
  };
};
