/** A port whose connection attempts hang: a process that listens with the shortest queue, stopped, its queue full. */
import { connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { Child } from "./child.ts";

const PROGRAM = `const s = require("node:net").createServer();
s.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => console.log("port " + s.address().port));`;

export interface Unaccepting {
  readonly url: string;
  stop(): Promise<void>;
}

export const startUnaccepting = async (): Promise<Unaccepting> => {
  const node = fileURLToPath(new URL("../../node_modules/.bin/node", import.meta.url));
  const child = new Child("unaccepting", node, ["-e", PROGRAM]);
  const [, port] = await child.printed(/port (\d+)/);
  child.signal("SIGSTOP");
  const fillers: Socket[] = [];
  // Two fit the queue; whatever comes later is left without an answer.
  for (let i = 0; i < 4; i++) fillers.push(connect(Number(port), "127.0.0.1").on("error", () => {}));
  const [first, second] = fillers.map((filler) => new Promise<void>((resolve) => filler.once("connect", resolve)));
  await first;
  await second;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      for (const filler of fillers) filler.destroy();
      await child.stop();
    },
  };
};
