import { once } from "node:events";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";
import { expect, test } from "vitest";
import { TunnelEnd } from "../../../../runtimes/engine/tunnel-end.ts";
import { ProxyError } from "../../../../src/core/errors.ts";

test("an end that is lost before anybody reads it fails its reader and its writer", async () => {
  const server = createServer((socket) => socket.resetAndDestroy());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket: Socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const lost = Promise.withResolvers<ProxyError | undefined>();
  const end = new TunnelEnd({
    socket,
    early: undefined,
    lost: (cause) => new ProxyError("upstream-reset", { cause }),
    closed: lost.resolve,
  });
  const error = await lost.promise;
  expect(error?.code).toBe("upstream-reset");
  const told: unknown[] = [];
  end.start({ write: () => true, end: () => told.push("end"), fail: (why) => told.push(why) });
  end.send({ start: () => told.push("start"), resume() {}, cancel: (why) => told.push(why) });
  expect(told).toEqual([error, error]);
  server.close();
});
