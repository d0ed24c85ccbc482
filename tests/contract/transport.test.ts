import { nodeClock } from "../../runtimes/node/clock.ts";
import { engineTransport } from "../../runtimes/engine/client/transport.ts";
import { startScriptedOrigin } from "../support/scripted-origin.ts";
import { type CreateSubject, transportContract } from "./transport-suite.ts";

const engine: CreateSubject = async (script) => {
  const origin = await startScriptedOrigin(script);
  const gone = await startScriptedOrigin(script);
  await gone.stop();
  const transport = engineTransport({ clock: nodeClock });
  return {
    transport,
    url: origin.url,
    deadUrl: gone.url,
    clock: nodeClock,
    pass: async () => {},
    async end() {
      await origin.stop();
      await transport.close();
    },
  };
};

transportContract("engine", engine);
