import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { expect, it } from "vitest";
import { type ClientEnds, ProxiedClients } from "../../../../../runtimes/engine/server/proxied-clients.ts";

const socket = (): Socket =>
  Object.assign(new EventEmitter(), {
    remoteAddress: "10.0.0.1",
    remotePort: 4711,
    localAddress: "10.0.0.2",
    localPort: 443,
  }) as unknown as Socket;

const ends = (address: string): ClientEnds => ({ peer: { address, port: 1 }, localPort: 443 });

it("keeps the client of a connection when an earlier one between the same ends says late that it has closed", () => {
  const clients = new ProxiedClients();
  const [first, second] = [socket(), socket()];
  clients.add(first, ends("192.0.2.1"));
  clients.add(second, ends("192.0.2.2"));
  first.emit("close");
  expect(clients.of(second)?.peer.address).toBe("192.0.2.2");
  second.emit("close");
  expect(clients.of(second)).toBeUndefined();
});
