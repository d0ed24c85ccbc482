/** A scripted upstream behind a real socket, so that the same script serves a transport in memory and one on the network. */
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type HttpBindings, getRequestListener } from "@hono/node-server";
import type { ScriptedExchange, ScriptedUpstream } from "../../runtimes/memory/mod.ts";

export interface ScriptedOrigin {
  readonly url: string;
  stop(): Promise<void>;
}

/** Neither interim responses nor trailers. */
const PLAIN: ScriptedExchange = { interim() {}, trailers() {}, content: null };

/** Listens on loopback. A script that throws breaks the connection. */
export const startScriptedOrigin = async (script: ScriptedUpstream): Promise<ScriptedOrigin> => {
  const listener = getRequestListener(
    async (request, env) => {
      try {
        return await script(request, PLAIN);
      } catch {
        (env as HttpBindings).outgoing.destroy();
        return new Response();
      }
    },
    { overrideGlobalObjects: false },
  );
  const server: Server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
