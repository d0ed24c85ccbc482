/** WebSockets of a real client and a real server (`ws`) through the proxy. */
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RawData, WebSocket, WebSocketServer } from "ws";
import { within } from "../support/bound.ts";
import { certificate } from "../support/certificate.ts";
import { RUNTIMES, type RunningProxy, startProxy } from "../support/runtimes.ts";

const MIB = 1024 * 1024;

const site = certificate({ hosts: ["localhost"] });

/** An echo server; its paths make it do something else. */
const startServer = async (
  isSecure = false,
): Promise<{ readonly port: number; readonly stop: () => Promise<void> }> => {
  const http = isSecure ? createSecureServer(site) : createServer((_, response) => response.end("plain"));
  const server = new WebSocketServer({
    server: http,
    perMessageDeflate: { threshold: 0 },
    maxPayload: 32 * MIB,
    handleProtocols: (protocols) => (protocols.has("chat") ? "chat" : false),
    verifyClient: ({ req }, done) => done(req.url !== "/refused", 403, "no"),
  });
  server.on("connection", (socket, { url }) => {
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on("error", () => {});
    if (url === "/close") socket.close(4001, "from the server");
    if (url === "/ping") socket.ping("are you there");
    socket.on("pong", (data) => socket.send(`pong ${String(data)}`));
    socket.on("close", (code, reason) => {
      closed.push(url === "/vanish" ? `${url} ${code}` : `${code} ${String(reason)}`);
    });
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return {
    port: (http.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        for (const client of server.clients) client.terminate();
        http.closeAllConnections();
        http.close(() => resolve());
      }),
  };
};

/** Close codes that the server got. */
const closed: string[] = [];

const connect = async (
  port: number,
  path = "/",
  options: { readonly deflate?: boolean; readonly protocols?: string[]; readonly isSecure?: boolean } = {},
): Promise<WebSocket> => {
  const scheme = options.isSecure === true ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://localhost:${port}${path}`, options.protocols ?? [], {
    family: 4,
    ca: site.cert,
    perMessageDeflate: options.deflate === true ? { threshold: 0 } : false,
    maxPayload: 32 * MIB,
  });
  await within(once(socket, "open"), "the WebSocket to open");
  return socket;
};

const message = async (socket: WebSocket): Promise<Buffer> => {
  const [data] = (await within(once(socket, "message"), "a message")) as [RawData];
  return data as Buffer;
};

const ending = async (socket: WebSocket): Promise<string> => {
  const [code, reason] = (await within(once(socket, "close"), "the WebSocket to close", 15_000)) as [
    number,
    Buffer,
  ];
  return `${code} ${String(reason)}`;
};

for (const runtime of RUNTIMES) {
  describe(`websockets on ${runtime} (oven-sh/bun#10441, oven-sh/bun#14522)`, () => {
    let proxy: RunningProxy;
    let server: Awaited<ReturnType<typeof startServer>>;

    const start = (): Promise<RunningProxy> =>
      startProxy(runtime, {
        ...(runtime === "workerd" ? {} : { listen: { drain: { timeout: "2s" } } }),
        upstreams: { main: `http://127.0.0.1:${server.port}` },
        routes: [
          ...(runtime === "workerd"
            ? []
            : [{ match: { path: "/idle" }, upstream: "main", timeouts: { tunnelIdle: "500ms" } }]),
          { upstream: "main" },
        ],
      });

    beforeAll(async () => {
      closed.length = 0;
      server = await startServer();
      proxy = await start();
    });

    afterAll(async () => {
      await proxy.stop();
      await server.stop();
    });

    for (const deflate of [false, true]) {
      test.each([1, 125, 126, 1024, 65_535, 65_536, MIB, 16 * MIB])(
        `a message of %d bytes comes back${deflate ? " compressed" : ""}`,
        async (size) => {
          const socket = await connect(proxy.port, "/", { deflate });
          const bytes = Buffer.alloc(size, "fairlead");
          socket.send(bytes);
          expect((await message(socket)).equals(bytes)).toBe(true);
          socket.terminate();
        },
      );
    }

    test.skipIf(runtime === "workerd").each([
      [true, "permessage-deflate"],
      [false, ""],
    ])("compression is negotiated end to end (%s)", async (deflate, extensions) => {
      const socket = await connect(proxy.port, "/", { deflate });
      expect(socket.extensions).toBe(extensions);
      socket.terminate();
    });

    test("a fragmented message comes back whole, with a ping in between", async () => {
      const socket = await connect(proxy.port);
      const answer = message(socket);
      socket.send("one ", { fin: false });
      socket.ping("between");
      socket.send("two", { fin: true });
      expect(String(await answer)).toBe("one two");
      socket.terminate();
    });

    test("the subprotocol is negotiated end to end", async () => {
      const socket = await connect(proxy.port, "/", { protocols: ["other", "chat"] });
      expect(socket.protocol).toBe("chat");
      socket.terminate();
    });

    test("a hundred messages keep their order", async () => {
      const socket = await connect(proxy.port);
      const got: number[] = [];
      const all = new Promise<void>((resolve) => {
        socket.on("message", (data: Buffer) => {
          got.push(Number(data.toString()));
          if (got.length === 100) resolve();
        });
      });
      for (let i = 0; i < 100; i++) socket.send(String(i));
      await within(all, "all messages");
      expect(got).toEqual(Array.from({ length: 100 }, (_, i) => i));
      socket.terminate();
    });

    test("close code and reason reach the client", async () => {
      expect(await ending(await connect(proxy.port, "/close"))).toBe("4001 from the server");
    });

    test("close code and reason reach the server", async () => {
      const socket = await connect(proxy.port);
      socket.close(4002, "from the client");
      await ending(socket);
      await expect.poll(() => closed).toContain("4002 from the client");
    });

    test("a client that vanishes is noticed by the server", async () => {
      const socket = await connect(proxy.port, "/vanish");
      socket.terminate();
      await expect.poll(() => closed, { timeout: 5_000 }).toContain("/vanish 1006");
    });

    test("a refusal reaches the client as it is", async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/refused`);
      socket.on("error", () => {});
      const [, response] = (await within(once(socket, "unexpected-response"), "a refusal")) as [
        unknown,
        { statusCode: number },
      ];
      expect(response.statusCode).toBe(403);
      socket.terminate();
    });

    test.skipIf(runtime === "workerd")("a server's ping is answered by the client", async () => {
      const socket = await connect(proxy.port, "/ping");
      expect(String(await message(socket))).toBe("pong are you there");
      socket.terminate();
    });

    test.skipIf(runtime === "workerd")(
      "one that is quiet for too long is closed on both sides with 1001",
      async () => {
        closed.length = 0;
        const socket = await connect(proxy.port, "/idle");
        const end = ending(socket);
        for (let i = 0; i < 4; i++) {
          await new Promise((resolve) => setTimeout(resolve, 200));
          socket.send("still here");
          expect(String(await message(socket))).toBe("still here");
        }
        expect(await end).toBe("1001 ");
        await expect.poll(() => closed).toContain("1001 ");
      },
    );

    test.skipIf(runtime === "workerd")("a stop closes WebSockets on both sides with 1001", async () => {
      const own = await start();
      closed.length = 0;
      const sockets = await Promise.all([1, 2, 3].map(() => connect(own.port)));
      const endings = sockets.map(ending);
      own.child.signal("SIGTERM");
      expect(await within(Promise.all(endings), "the clients to be closed")).toEqual([
        "1001 ",
        "1001 ",
        "1001 ",
      ]);
      await expect.poll(() => closed.filter((each) => each === "1001 ").length).toBe(3);
      expect(await own.child.ended(5_000)).toEqual({ code: 0, signal: null });
      await own.stop();
    });
  });
}

for (const runtime of RUNTIMES.filter((name) => name !== "workerd")) {
  describe(`websockets over TLS on ${runtime}`, () => {
    let plain: Awaited<ReturnType<typeof startServer>>;
    let secure: Awaited<ReturnType<typeof startServer>>;
    let proxy: RunningProxy;

    beforeAll(async () => {
      closed.length = 0;
      [plain, secure] = await Promise.all([startServer(), startServer(true)]);
      proxy = await startProxy(runtime, {
        listen: { port: 0, host: "127.0.0.1", tls: site },
        upstreams: {
          plain: `http://127.0.0.1:${plain.port}`,
          secure: {
            endpoints: `https://127.0.0.1:${secure.port}`,
            tls: { ca: site.cert, serverName: "localhost" },
          },
        },
        routes: [
          { match: { path: "/secure" }, upstream: "secure" },
          { match: { path: "/idle" }, upstream: "secure", timeouts: { tunnelIdle: "500ms" } },
          { upstream: "plain" },
        ],
      });
    });

    afterAll(async () => {
      await proxy.stop();
      await Promise.all([plain.stop(), secure.stop()]);
    });

    for (const [to, path] of [
      ["a plain server", "/"],
      ["a server over TLS", "/secure"],
    ] as const) {
      test.each([1, 1024, 65_536, 16 * MIB])(`a message of %d bytes to ${to} comes back`, async (size) => {
        const socket = await connect(proxy.port, path, { isSecure: true });
        const bytes = Buffer.alloc(size, "fairlead");
        socket.send(bytes);
        expect((await message(socket)).equals(bytes)).toBe(true);
        socket.terminate();
      });

      test(`a client that leaves ${to} is noticed, with its code and reason`, async () => {
        const socket = await connect(proxy.port, path, { isSecure: true });
        socket.close(4003, `from ${path}`);
        expect(await ending(socket)).toBe(`4003 from ${path}`);
        await expect.poll(() => closed).toContain(`4003 from ${path}`);
      });
    }

    test("close code and reason of the server reach the client", async () => {
      const socket = await connect(proxy.port, "/close", { isSecure: true });
      expect(await ending(socket)).toBe("4001 from the server");
    });

    test("one that is quiet for too long is closed on both sides with 1001", async () => {
      closed.length = 0;
      expect(await ending(await connect(proxy.port, "/idle", { isSecure: true }))).toBe("1001 ");
      await expect.poll(() => closed).toContain("1001 ");
    });
  });
}
