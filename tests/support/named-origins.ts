/** Small origins at several loopback addresses with one port, each of which says where it listens. */
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { urlHost } from "../../src/http/url-host.ts";

const listening = (address: string, port: number): Promise<Server> =>
  new Promise((resolve, reject) => {
    const name = urlHost(address);
    const server = createServer((request, response) => {
      response.setHeader("x-asked-as", request.headers.host ?? "");
      response.end(name);
    });
    server.once("error", reject);
    server.listen(port, address, () => resolve(server));
  });

const ended = async (server: Server): Promise<void> => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
};

const TRIES = 20;

export interface NamedOrigins {
  readonly port: number;
  stop(): Promise<void>;
}

/** All at the same port: a name's addresses have no ports of their own. */
export const startNamedOrigins = async (
  first: string,
  ...others: readonly string[]
): Promise<NamedOrigins> => {
  for (let tries = 0; ; tries++) {
    const leading = await listening(first, 0);
    const servers = [leading];
    const { port } = leading.address() as AddressInfo;
    try {
      for (const address of others) servers.push(await listening(address, port));
      return { port, stop: async () => void (await Promise.all(servers.map(ended))) };
    } catch (error) {
      // Somebody else has this port at one of the addresses.
      await Promise.all(servers.map(ended));
      if (tries === TRIES) throw error;
    }
  }
};
