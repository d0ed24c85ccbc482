/** A port whose connection attempts hang: a process that listens with the shortest queue, stopped, its queue full. */
import { connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { Child } from "./child.ts";

/** Answers "slow" to whatever comes, once it runs. */
const PROGRAM = `const s = require("node:net").createServer((c) => {
  c.on("error", () => {});
  c.on("data", () => c.end("HTTP/1.1 200 OK\\r\\nContent-Length: 4\\r\\nConnection: close\\r\\n\\r\\nslow"));
});
s.listen({ port: 0, host: process.argv[1], backlog: 1 }, () => console.log("port " + s.address().port));`;

export interface Unaccepting {
  readonly url: string;
  readonly port: number;
  /** Lets it accept what waits, and whatever comes. */
  accept(): void;
  /** Lets it hang again. */
  hang(): void;
  stop(): Promise<void>;
}

export const startUnaccepting = async (host: string = "127.0.0.1"): Promise<Unaccepting> => {
  const node = fileURLToPath(new URL("../../node_modules/.bin/node", import.meta.url));
  const child = new Child("unaccepting", node, ["-e", PROGRAM, host]);
  const [, port] = await child.printed(/port (\d+)/);
  const fillers: Socket[] = [];
  const hang = (): void => {
    child.signal("SIGSTOP");
    // Two fit the queue; whatever comes later is left without an answer.
    for (let i = 0; i < 4; i++) fillers.push(connect(Number(port), host).on("error", () => {}));
  };
  hang();
  const [first, second] = fillers.map(
    (filler) => new Promise<void>((resolve) => filler.once("connect", resolve)),
  );
  await first;
  await second;
  return {
    url: `http://${host}:${port}`,
    port: Number(port),
    accept: () => child.signal("SIGCONT"),
    hang,
    stop: async () => {
      for (const filler of fillers) filler.destroy();
      await child.stop();
    },
  };
};
