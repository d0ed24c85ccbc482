/** An origin that answers as its path says: `/status/503` with that status, `/reset` by breaking off. */
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface DashboardOrigin {
  readonly url: string;
  /** Requests that have come. */
  readonly requests: number;
  stop(): Promise<void>;
}

/** @param host to bind; "0.0.0.0" takes all of 127.0.0.0/8. */
export const startDashboardOrigin = async (host = "127.0.0.1"): Promise<DashboardOrigin> => {
  let requests = 0;
  const server: Server = createServer((request, response) => {
    requests += 1;
    const { url = "/" } = request;
    if (url.startsWith("/reset")) {
      request.socket.resetAndDestroy();
      return;
    }
    const [, status = "200"] = /^\/status\/(\d{3})/.exec(url) ?? [];
    response.writeHead(Number(status), { "content-type": "text/plain" });
    response.end("hello\n");
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    get requests() {
      return requests;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
