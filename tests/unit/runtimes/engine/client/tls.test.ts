import { type AddressInfo, createServer as createPlainServer } from "node:net";
import { type TLSSocket, type TlsOptions, createServer } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { engineTransport } from "../../../../../runtimes/engine/client/transport.ts";
import { ManualClock } from "../../../../../runtimes/memory/clock.ts";
import type { EndpointTls } from "../../../../../src/core/endpoint.ts";
import type { HttpReply, Reply } from "../../../../../src/core/reply.ts";
import { testAttempt, testEndpoint } from "../../../../support/attempt.ts";
import { type CertificateOptions, certificate } from "../../../../support/certificate.ts";
import { readerOf, textOf } from "../../../../support/reading.ts";
import { errorOf } from "./rig.ts";

const authority = certificate({ name: "test authority", authority: true });
const issued = (hosts: readonly string[], more: CertificateOptions = {}): { cert: string; key: string } =>
  certificate({ name: "server", hosts, issuer: { name: "test authority", key: authority.key }, ...more });
const SERVER = issued(["origin.test", "127.0.0.1"]);

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

interface TlsOrigin {
  readonly port: number;
  /** Of each connection: the name asked for, whether its session was resumed, the client's name, the protocol. */
  readonly seen: {
    name: string | false;
    resumed: boolean;
    client: string | undefined;
    alpn: string | false;
  }[];
}

const start = async (options: TlsOptions, more = ""): Promise<TlsOrigin> => {
  const seen: TlsOrigin["seen"] = [];
  const server = createServer(
    { ...SERVER, ALPNProtocols: ["h2", "http/1.1"], ...options },
    (socket: TLSSocket) => {
      seen.push({
        name: (socket as TLSSocket & { servername: string | null }).servername || false,
        resumed: socket.isSessionReused(),
        client: socket.getPeerCertificate().subject?.CN as string | undefined,
        alpn: socket.alpnProtocol as string | false,
      });
      socket.on("error", () => {});
      socket.on("data", () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${more}\r\nok`));
    },
  );
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => server.close());
  return { port: (server.address() as AddressInfo).port, seen };
};

interface Client {
  get(): Promise<HttpReply>;
}

const clientOf = (host: string, port: number, tls: Partial<EndpointTls> = {}): Client => {
  const transport = engineTransport({
    clock: new ManualClock(),
    lookup: (_, done) => queueMicrotask(() => done(undefined, [{ address: "127.0.0.1", family: 4 }])),
  });
  ends.push(() => transport.close());
  const endpoint = testEndpoint({ url: `https://${host}:${port}`, tls: { ca: authority.cert, ...tls } });
  return { get: () => transport.send(testAttempt({ endpoint })).then(http) };
};

const http = (reply: Reply): HttpReply => {
  if (reply.kind !== "http") throw new Error(reply.kind);
  return reply;
};

describe("TLS to an endpoint", () => {
  test("asks for the URL's host, without its last dot, and speaks HTTP/1.1 only", async () => {
    const { port, seen } = await start({});
    expect(await textOf((await clientOf("origin.test", port).get()).body)).toBe("ok");
    expect((await clientOf("origin.test.", port).get()).status).toBe(200);
    const expected = { name: "origin.test", resumed: false, client: undefined, alpn: "http/1.1" };
    expect(seen).toEqual([expected, expected]);
  });

  test("asks for no name where the host is an address, and verifies the address", async () => {
    const { port, seen } = await start({});
    expect((await clientOf("127.0.0.1", port).get()).status).toBe(200);
    expect(seen[0]?.name).toBe(false);
    const other = await start({ ...issued(["127.0.0.9"]) });
    expect((await errorOf(clientOf("127.0.0.1", other.port).get())).message).toMatch(
      /its certificate is for another name$/,
    );
  });

  test("asks for and verifies `serverName` instead", async () => {
    const { port, seen } = await start({});
    expect((await clientOf("127.0.0.1", port, { serverName: "origin.test" }).get()).status).toBe(200);
    expect(seen[0]?.name).toBe("origin.test");
    const wrong = await errorOf(clientOf("origin.test", port, { serverName: "other.test" }).get());
    expect(wrong.code).toBe("connect-failed");
    expect(wrong.message).toBe(
      `could not connect to upstream "origin" at origin.test:${port}: its certificate is for another name`,
    );
  });

  test("trusts the given authority only", async () => {
    const { port } = await start({});
    const unknown = await errorOf(clientOf("origin.test", port, { ca: undefined }).get());
    expect([unknown.code, unknown.progress]).toEqual(["connect-failed", "connecting"]);
    expect(unknown.message).toMatch(/its certificate comes from an authority that is not trusted$/);
    const another = certificate({ name: "another", authority: true });
    expect((await errorOf(clientOf("origin.test", port, { ca: another.cert }).get())).code).toBe(
      "connect-failed",
    );
  });

  test("refuses what has expired or signs itself", async () => {
    const past = Date.now() - 7_200_000;
    const expired = await start({ ...issued(["origin.test"], { from: past, to: past + 3_600_000 }) });
    expect((await errorOf(clientOf("origin.test", expired.port).get())).code).toBe("connect-failed");
    const alone = await start({ ...certificate({ hosts: ["origin.test"] }) });
    expect((await errorOf(clientOf("origin.test", alone.port).get())).code).toBe("connect-failed");
  });

  test("verifies nothing where it is told so", async () => {
    const { port } = await start({ ...certificate({ hosts: ["other.test"] }) });
    const tls = { verify: false, ca: undefined };
    expect((await clientOf("origin.test", port, tls).get()).status).toBe(200);
  });

  test("shows the client's certificate", async () => {
    const { port, seen } = await start({ requestCert: true, ca: authority.cert });
    const own = issued([], { name: "the proxy" });
    expect((await clientOf("origin.test", port, own).get()).status).toBe(200);
    expect(seen[0]?.client).toBe("the proxy");
    const without = await errorOf(clientOf("origin.test", port).get());
    expect(without.code).toBe("connect-failed");
    expect(without.message).toMatch(/it does not accept this client's certificate, or requires one$/);
  });

  test("resumes its sessions", async () => {
    const { port, seen } = await start({}, "Connection: close\r\n");
    const client = clientOf("origin.test", port);
    for (let turn = 0; turn < 2; turn++) await textOf((await client.get()).body);
    expect(seen.map(({ resumed }) => resumed)).toEqual([false, true]);
  });

  test("says so when the server speaks no TLS", async () => {
    const server = createPlainServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", () => socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ends.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const error = await errorOf(clientOf("origin.test", port).get());
    expect(error.code).toBe("connect-failed");
    expect(error.message).toMatch(/it does not speak TLS; is the URL https for a plain HTTP server\?$/);
  });

  test("carries large responses at their reader's pace", async () => {
    const size = 3_000_000;
    const server = createServer(SERVER, (socket) => {
      socket.on("error", () => {});
      socket.on("data", () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
        socket.write("x".repeat(size));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ends.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const reader = readerOf((await clientOf("origin.test", port).get()).body, true);
    await reader.pull();
    expect(reader.trailers).toEqual([]);
    expect(reader.received).toBe(size);
  });
});
