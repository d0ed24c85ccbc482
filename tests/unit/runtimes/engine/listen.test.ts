import { describe, expect, it } from "vitest";
import { Deadlines } from "../../../../runtimes/engine/deadlines.ts";
import { listen } from "../../../../runtimes/engine/server/listen.ts";
import { memoryPlatform } from "../../../../runtimes/memory/mod.ts";
import { ServeError, type ServingSockets } from "../../../../runtimes/serving.ts";
import { parseConfig } from "../../../../src/config/parse.ts";
import { buildGateway } from "../../../../src/gateway.ts";

/** Reserved for documentation (RFC 3849), so no machine has it. */
const NOWHERE = "2001:db8::1";

const listenOn = (host: string, fallbackHost?: string): Promise<ServingSockets> => {
  const config = parseConfig({ listen: { port: 0, host }, routes: [{ respond: {} }] });
  const platform = memoryPlatform();
  return listen({
    listen: config.listen,
    entrances: [
      { host, port: 0, tls: undefined, fallbackHost, gateway: { current: buildGateway(config, platform) } },
    ],
    deadlines: new Deadlines(platform.clock),
    lifecycle: { draining: false },
    isWatched: false,
    counts: { open: 0, accepted: 0, refused: 0 },
    now: () => platform.clock.now(),
    epoch: () => platform.clock.epoch(),
    notice: () => {},
    closed: () => Promise.resolve(),
  });
};

describe("listening", () => {
  it("takes the other host where the machine lacks the first", async () => {
    const serving = await listenOn(NOWHERE, "127.0.0.1");
    expect(serving.address.host).toBe("127.0.0.1");
    await serving.stop();
  });

  it("fails where the machine lacks the only one", async () => {
    await expect(listenOn(NOWHERE)).rejects.toThrow(
      new ServeError(`this machine has no address ${NOWHERE} to listen on`),
    );
  });
});
