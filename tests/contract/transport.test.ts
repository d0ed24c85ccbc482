import { engineTransport } from "../../runtimes/engine/client/transport.ts";
import { engineClock } from "../../runtimes/engine/clock.ts";
import { fetchTransport } from "../../runtimes/fetch/transport.ts";
import { memoryPlatform } from "../../runtimes/memory/mod.ts";
import type { Clock, Transport } from "../../src/core/platform.ts";
import { startScriptedOrigin } from "../support/scripted-origin.ts";
import { type CreateSubject, transportContract } from "./transport-suite.ts";

const onLoopback =
  (create: (clock: Clock) => Transport): CreateSubject =>
  async (script) => {
    const origin = await startScriptedOrigin(script);
    const gone = await startScriptedOrigin(script);
    await gone.stop();
    const clock = engineClock();
    const transport = create(clock);
    return {
      transport,
      url: origin.url,
      deadUrl: gone.url,
      clock,
      pass: async () => {},
      async end() {
        await origin.stop();
        await transport.close();
      },
    };
  };

const inMemory: CreateSubject = async (script) => {
  const url = "http://origin.test:3000";
  const { transport, clock } = memoryPlatform({ upstreams: { [url]: script } });
  return {
    transport,
    url,
    deadUrl: "http://gone.test:3000",
    clock,
    pass: (ms) => clock.advance(ms),
    end: () => transport.close(),
  };
};

transportContract(
  "engine",
  onLoopback((clock) => engineTransport({ clock })),
);
transportContract(
  "fetch",
  onLoopback((clock) => fetchTransport({ clock })),
);
transportContract("memory", inMemory);
