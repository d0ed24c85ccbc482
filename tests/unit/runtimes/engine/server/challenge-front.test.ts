import { once } from "node:events";
import { type AddressInfo, type Server, type Socket, connect as connectTcp, createServer } from "node:net";
import { type TLSSocket, connect, createSecureContext } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { challengeFront } from "../../../../../runtimes/engine/server/challenge-front.ts";
import { certificate } from "../../../../support/certificate.ts";

const NAME = "app.example.com";
const answer = certificate({ hosts: [NAME], name: "the answer" });
const fallback = certificate({ name: "the fallback" });

describe("in front of TLS, while a name is checked", () => {
  const open: (Server | Socket)[] = [];

  afterEach(() => {
    for (const each of open.splice(0)) {
      if ("destroy" in each) each.destroy();
      else each.close();
    }
  });

  /** A port with nothing but the front, which hands all others' first bytes to `others`. */
  const listen = async (
    isPending: boolean,
    others: (bytes: string) => void,
    handshakeMs = 0,
  ): Promise<number> => {
    const context = createSecureContext(answer);
    const server = createServer(
      challengeFront({
        challenges: { isPending, find: (name) => (name === NAME ? context : undefined) },
        others: (socket) => {
          socket.once("data", (bytes) => others(bytes.toString("latin1")));
        },
        fallback,
        handshakeMs,
      }),
    );
    open.push(server.listen(0, "127.0.0.1"));
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };

  const shown = async (port: number, servername: string, socket?: Socket): Promise<string> => {
    const where = socket === undefined ? { host: "127.0.0.1", port } : { socket };
    const client: TLSSocket = connect({
      ...where,
      servername,
      ALPNProtocols: ["acme-tls/1"],
      rejectUnauthorized: false,
    });
    open.push(client);
    await once(client, "secureConnect");
    expect(client.alpnProtocol).toBe("acme-tls/1");
    return [client.getPeerCertificate().subject.CN].flat().join();
  };

  test("an authority gets the answer for its name, and no other's", async () => {
    const port = await listen(true, () => {});
    expect(await shown(port, NAME)).toBe("the answer");
    expect(await shown(port, "other.example.com")).toBe("the fallback");
  });

  test("an authority's first bytes may come one by one", async () => {
    const port = await listen(true, () => {});
    const relay = createServer((near) => {
      const far = connectTcp(port, "127.0.0.1");
      open.push(near, far);
      far.setNoDelay(true).pipe(near);
      near.on("data", (bytes) => {
        for (const byte of bytes as Uint8Array) far.write(Uint8Array.of(byte));
      });
    });
    open.push(relay.listen(0, "127.0.0.1"));
    await once(relay, "listening");
    expect(await shown((relay.address() as AddressInfo).port, NAME)).toBe("the answer");
  });

  test.each([
    ["speak no TLS", "GET / HTTP/1.1\r\n"],
    ["ask for another protocol", "\u0016\u0003\u0001\u0000\u0004abcd"],
  ])("clients that %s go on with all they have sent", async (_, text) => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const port = await listen(true, resolve);
    const client = connectTcp(port, "127.0.0.1");
    open.push(client);
    client.write(text, "latin1");
    expect(await promise).toBe(text);
  });

  test("nobody's bytes are looked at while no name is checked", async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const port = await listen(false, resolve);
    const client = connectTcp(port, "127.0.0.1");
    open.push(client);
    client.write("\u0016", "latin1");
    expect(await promise).toBe("\u0016");
  });

  test("a client that stops in the middle is closed when its time is over", async () => {
    const port = await listen(true, () => {}, 50);
    const client = connectTcp(port, "127.0.0.1");
    open.push(client);
    client.write("\u0016\u0003", "latin1");
    await once(client.resume(), "close");
    expect(client.bytesRead).toBe(0);
  });
});
