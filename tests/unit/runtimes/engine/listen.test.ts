import { describe, expect, it } from "vitest";
import { Deadlines } from "../../../../runtimes/engine/deadlines.ts";
import { type ServerSockets, serverSockets } from "../../../../runtimes/engine/server/listen.ts";
import { memoryPlatform } from "../../../../runtimes/memory/mod.ts";
import { ServeError } from "../../../../runtimes/serving.ts";
import { parseConfig } from "../../../../src/config/parse.ts";
import { buildGateway } from "../../../../src/gateway.ts";

const PLAIN = { socket: undefined, socketMode: "0600", tls: undefined, proxyProtocol: undefined };

/** Reserved for documentation (RFC 3849), so no machine has it. */
const NOWHERE = "2001:db8::1";

const listenOn = async (host: string, fallbackHost?: string): Promise<ServerSockets> => {
  const config = parseConfig({ listen: { port: 0, host }, routes: [{ respond: {} }] });
  const platform = memoryPlatform();
  const sockets = serverSockets({
    deadlines: new Deadlines(platform.clock),
    lifecycle: { draining: false },
    counts: { open: 0, accepted: 0, refused: 0 },
    now: () => platform.clock.now(),
    epoch: () => platform.clock.epoch(),
    notice: () => {},
    closed: () => Promise.resolve(),
  });
  const gateway = buildGateway(config, platform);
  const prepared = await sockets.prepare({
    listen: config.listen,
    isWatched: false,
    entrances: [{ name: "listen", host, port: 0, ...PLAIN, fallbackHost, role: "traffic", gateway }],
  });
  prepared.commit();
  return sockets;
};

describe("listening", () => {
  it("takes the other host where the machine lacks the first", async () => {
    const serving = await listenOn(NOWHERE, "127.0.0.1");
    expect(serving.address?.host).toBe("127.0.0.1");
    await serving.stop();
  });

  it("fails where the machine lacks the only one", async () => {
    await expect(listenOn(NOWHERE)).rejects.toThrow(
      new ServeError(`this machine has no address ${NOWHERE} to listen on`),
    );
  });
});
