/** Load balancers that name the client in front of its bytes (PROXY protocol). */
import { mkdtempSync, rmSync } from "node:fs";
import { connect as connectPlain, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { within } from "../support/bound.ts";
import { certificate } from "../support/certificate.ts";
import { freePort } from "../support/free-port.ts";
import { proxyV1, proxyV2, tlv } from "../support/proxy-header.ts";
import { RUNTIMES, type RunningProxy, startProxy } from "../support/runtimes.ts";

const CLIENT = { address: "203.0.113.7", port: 51_000 };
const SERVER = { address: "198.51.100.1", port: 8443 };
const CLIENT6 = { address: "2001:db8::7", port: 51_000 };
const SERVER6 = { address: "2001:db8::1", port: 443 };

const REQUEST = "GET / HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n";

const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

/** Everything that comes until the connection closes; a reset is an end too. */
const readAll = (socket: Socket): Promise<string> =>
  within(
    new Promise((resolve) => {
      let text = "";
      socket.on("data", (data: Buffer) => (text += data.toString("latin1")));
      socket.on("error", () => {});
      socket.on("close", () => resolve(text));
    }),
    "the connection to close",
  );

const connected = async (where: { port: number } | { path: string }): Promise<Socket> => {
  const socket = connectPlain({ host: "127.0.0.1", ...where });
  await within(
    new Promise((resolve, reject) => void socket.once("connect", resolve).once("error", reject)),
    "a connection",
  );
  return socket;
};

/** What the proxy answers to `pieces`, sent one by one. */
const exchange = async (
  where: { port: number } | { path: string },
  pieces: readonly (string | Uint8Array)[],
  gapMs = 5,
): Promise<string> => {
  const socket = await connected(where);
  socket.setNoDelay(true);
  const answer = readAll(socket);
  for (const piece of pieces) {
    socket.write(piece);
    if (pieces.length > 1) await pause(gapMs);
  }
  return answer;
};

for (const runtime of RUNTIMES.filter((name) => name !== "workerd")) {
  describe(`PROXY protocol on ${runtime}`, () => {
    let directory = "";
    let proxy: RunningProxy;
    const ports = { tls: 0, either: 0, others: 0 };
    let path = "";
    const { cert, key } = certificate({ hosts: ["site.test"] });

    const start = async (): Promise<void> => {
      for (const name of ["tls", "either", "others"] as const) ports[name] = await freePort();
      const host = "127.0.0.1";
      const from = "127.0.0.1";
      proxy = await startProxy(runtime, {
        listen: {
          proxyProtocol: { from },
          timeouts: { header: "3s" },
          limits: { connectionsPerClient: 2 },
          trustedProxies: ["192.0.2.0/24"],
          also: [
            { port: ports.tls, host, tls: { cert, key }, proxyProtocol: { from } },
            { port: ports.either, host, proxyProtocol: { from: "10.0.0.0/8", others: "plain" } },
            { port: ports.others, host, proxyProtocol: { from: "10.0.0.0/8" } },
            { socket: path, proxyProtocol: { from: "unix" } },
          ],
        },
        routes: [
          {
            respond: { status: 200, body: "answered" },
            responseHeaders: { set: { "x-seen": "<${client.address}> ${request.scheme}" } },
          },
        ],
      });
    };

    beforeAll(async () => {
      directory = mkdtempSync(join(tmpdir(), "fairlead-proxied-"));
      path = join(directory, "p.sock");
      // A port that was free may be another test's by now.
      await start().catch(start);
    }, 60_000);

    afterAll(async () => {
      await proxy.stop();
      rmSync(directory, { recursive: true, force: true });
    });

    const seen = (answer: string): string | undefined => /^x-seen: (.*)\r$/im.exec(answer)?.[1];

    test.each([
      ["version 1", proxyV1(CLIENT, SERVER), CLIENT.address],
      ["version 1, IPv6", proxyV1(CLIENT6, SERVER6), CLIENT6.address],
      ["version 2", proxyV2({ source: CLIENT, destination: SERVER }), CLIENT.address],
      ["version 2, IPv6", proxyV2({ source: CLIENT6, destination: SERVER6 }), CLIENT6.address],
      [
        "version 2 with TLVs and a checksum",
        proxyV2({
          source: CLIENT,
          destination: SERVER,
          tlvs: [tlv(0x02, Buffer.from("site.test")), tlv(0xea, new Uint8Array(500))],
          checksum: true,
        }),
        CLIENT.address,
      ],
      ["LOCAL", proxyV2({ command: 0, family: 0, address: new Uint8Array(0) }), "127.0.0.1"],
      ["UNKNOWN", Buffer.from("PROXY UNKNOWN\r\n"), ""],
    ])("%s tells the client's address", async (_, header, address) => {
      for (const where of [{ port: proxy.port }, { path }]) {
        const expected = address === "127.0.0.1" && "path" in where ? "" : address;
        expect(
          seen(await exchange(where, [Buffer.concat([header, Buffer.from(REQUEST)])])),
          "in one piece",
        ).toBe(`<${expected}> http`);
        expect(seen(await exchange(where, [header, REQUEST])), "header apart").toBe(`<${expected}> http`);
      }
    });

    test("a header is read in pieces of any size", async () => {
      const bytes = Buffer.concat([proxyV2({ source: CLIENT, destination: SERVER }), Buffer.from(REQUEST)]);
      const pieces = Array.from(bytes, (byte) => Uint8Array.of(byte));
      expect(seen(await exchange({ port: proxy.port }, pieces, 1))).toBe("<203.0.113.7> http");
    });

    test("content of the client that came with the header is not lost", async () => {
      const pipelined = Buffer.concat([
        proxyV1(CLIENT, SERVER),
        Buffer.from("GET / HTTP/1.1\r\nHost: site.test\r\n\r\n"),
        Buffer.from(REQUEST),
      ]);
      const answer = await exchange({ port: proxy.port }, [pipelined]);
      expect(answer.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
    });

    /** What comes through TLS behind `header`, of which the last `joined` bytes are sent with the handshake. */
    const overTls = async (header: Uint8Array): Promise<string> => {
      const socket = await connected({ port: ports.tls });
      socket.write(header);
      const secured = connectTls({ socket, servername: "site.test", ca: cert });
      const answer = readAll(secured);
      secured.write(REQUEST);
      return answer;
    };

    test.each([
      ["version 1", proxyV1(CLIENT, SERVER)],
      ["version 2", proxyV2({ source: CLIENT, destination: SERVER })],
    ])("%s stands in front of TLS too", async (_, header) => {
      expect(seen(await overTls(header))).toBe("<203.0.113.7> https");
    });

    test("clients behind TLS are told apart while they are connected at the same time", async () => {
      const clients = Array.from({ length: 10 }, (_, index) => ({
        address: `203.0.113.${index + 20}`,
        port: 1,
      }));
      const answers = await Promise.all(
        clients.map(async (source) => seen(await overTls(proxyV2({ source, destination: SERVER })))),
      );
      expect(answers).toEqual(clients.map(({ address }) => `<${address}> https`));
    });

    test("TLS without a header is closed", async () => {
      const socket = await connected({ port: ports.tls });
      const secured = connectTls({ socket, servername: "site.test", ca: cert });
      expect(await readAll(secured)).toBe("");
    });

    test.each([
      ["no header", REQUEST],
      ["a malformed line", `PROXY TCP4 1.2.3.4\r\n${REQUEST}`],
      [
        "a wrong checksum",
        proxyV2({ source: CLIENT, destination: SERVER, tlvs: [tlv(0x03, new Uint8Array(4))] }),
      ],
      [
        "a header of 64 KiB",
        proxyV2({ source: CLIENT, destination: SERVER, tlvs: [tlv(0x04, new Uint8Array(60_000))] }),
      ],
    ])("%s closes the connection without an answer", async (_, bytes) => {
      expect(await exchange({ port: proxy.port }, [bytes])).toBe("");
    });

    test("a header that does not come is waited for as long as for a request's", async () => {
      const startedAt = performance.now();
      expect(await exchange({ port: proxy.port }, ["PROXY TCP4 1.2.3"])).toBe("");
      const passed = performance.now() - startedAt;
      expect(passed).toBeGreaterThan(2_900);
      expect(passed).toBeLessThan(8_000);
    });

    test("a client that ends inside its header is let go at once", async () => {
      const socket = await connected({ port: proxy.port });
      const startedAt = performance.now();
      const answer = readAll(socket);
      socket.end("PROXY TCP4");
      expect(await answer).toBe("");
      expect(performance.now() - startedAt).toBeLessThan(2_500);
    });

    test("peers that are not declared are refused", async () => {
      const header = Buffer.concat([proxyV1(CLIENT, SERVER), Buffer.from(REQUEST)]);
      expect(await exchange({ port: ports.others }, [header])).toBe("");
      expect(await exchange({ port: ports.others }, [REQUEST])).toBe("");
      await expect.poll(() => proxy.child.stderr + proxy.child.stdout).toMatch(/without the PROXY protocol/);
    });

    test("or served under their own address, where the config says so; their header is none", async () => {
      expect(seen(await exchange({ port: ports.either }, [REQUEST]))).toBe("<127.0.0.1> http");
      const header = Buffer.concat([proxyV1(CLIENT, SERVER), Buffer.from(REQUEST)]);
      expect(await exchange({ port: ports.either }, [header])).toMatch(/^HTTP\/1\.1 400 /);
    });

    test("the address that is named is believed as a trusted proxy's", async () => {
      const request = REQUEST.replace("\r\n\r\n", "\r\nX-Forwarded-For: 198.51.100.99\r\n\r\n");
      const from = (address: string): Promise<string> =>
        exchange({ port: proxy.port }, [
          Buffer.concat([proxyV1({ address, port: 1 }, SERVER), Buffer.from(request)]),
        ]);
      expect(seen(await from("192.0.2.1"))).toBe("<198.51.100.99> http");
      expect(seen(await from("203.0.113.7"))).toBe("<203.0.113.7> http");
    });

    test("connectionsPerClient counts the named client", async () => {
      const held = await Promise.all(
        [1, 2].map(async (port) => {
          const socket = await connected({ port: proxy.port });
          socket.write(proxyV1({ address: "203.0.113.200", port }, SERVER));
          socket.write("GET / HTTP/1.1\r\nHost: site.test\r\n\r\n");
          await within(new Promise((resolve) => socket.once("data", resolve)), "an answer");
          return socket;
        }),
      );
      const third = (address: string): Promise<string> =>
        exchange({ port: proxy.port }, [
          Buffer.concat([proxyV1({ address, port: 9 }, SERVER), Buffer.from(REQUEST)]),
        ]);
      expect(await third("203.0.113.200")).toBe("");
      expect(seen(await third("203.0.113.201"))).toBe("<203.0.113.201> http");
      for (const socket of held) socket.destroy();
    });
  });
}
