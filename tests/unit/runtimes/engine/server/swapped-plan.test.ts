/** A server whose plan is exchanged for another while a WebSocket is open (caddyserver/caddy#7222, #6420). */
import { once } from "node:events";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { Deadlines } from "../../../../../runtimes/engine/deadlines.ts";
import { listen } from "../../../../../runtimes/engine/server/listen.ts";
import { platform as nodePlatform } from "../../../../../runtimes/node/platform.ts";
import { parseConfig } from "../../../../../src/config/parse.ts";
import type { ConfigInput } from "../../../../../src/config/types.ts";
import { type Gateway, buildGateway } from "../../../../../src/gateway.ts";
import { within } from "../../../../support/bound.ts";

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Answers with `name`, and puts it in front of each message that it echoes. */
const origin = async (name: string): Promise<string> => {
  const http: Server = createServer((_, response) => response.end(name));
  const sockets = new WebSocketServer({ server: http });
  sockets.on("connection", (socket) => {
    socket.on("message", (data: Buffer) => socket.send(`${name} ${data.toString()}`));
  });
  await once(http.listen(0, "127.0.0.1"), "listening");
  ends.push(() => {
    for (const client of sockets.clients) client.terminate();
    http.closeAllConnections();
    http.close();
  });
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
};

test("a WebSocket outlives the plan that it began with, and new requests follow the new one", async () => {
  const platform = nodePlatform();
  const configOf = (upstream: string): ConfigInput => ({
    upstreams: { main: upstream },
    routes: [{ upstream: "main" }],
  });
  const [before, after] = [configOf(await origin("old")), configOf(await origin("new"))];
  const gatewayOf = (config: ConfigInput): Gateway => buildGateway(parseConfig(config), platform);
  const gateway = { current: gatewayOf(before) };
  const { clock } = platform;
  const server = await listen({
    listen: parseConfig(before).listen,
    entrances: [{ host: "127.0.0.1", port: 0, tls: undefined, fallbackHost: undefined, gateway }],
    notice: () => {},
    lifecycle: { draining: false },
    isWatched: false,
    counts: { open: 0, accepted: 0, refused: 0 },
    deadlines: new Deadlines(clock),
    now: () => clock.now(),
    epoch: () => clock.epoch(),
    closed: () => platform.transport.close(),
  });
  ends.push(() => server.stop());
  const at = `127.0.0.1:${server.address.port}`;
  const socket = new WebSocket(`ws://${at}/`);
  ends.push(() => socket.terminate());
  await within(once(socket, "open"), "the WebSocket to open");

  gateway.current = gatewayOf(after);

  expect(await (await fetch(`http://${at}/`)).text()).toBe("new");
  socket.send("hello");
  const [data] = (await within(once(socket, "message"), "a message")) as [Buffer];
  expect(data.toString()).toBe("old hello");
});
