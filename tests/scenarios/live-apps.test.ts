/** Development servers and libraries that live from WebSockets: Vite's hot updates and Socket.IO, each real at both ends. */
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type Server as HttpServer, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server as SocketServer } from "socket.io";
import { type Socket as SocketClient, io } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ViteDevServer, createServer as createVite } from "vite";
import { WebSocket } from "ws";
import { within } from "../support/bound.ts";
import { RUNTIMES, type RunningProxy, startProxy } from "../support/runtimes.ts";

const inFrontOf = (runtime: (typeof RUNTIMES)[number], port: number): Promise<RunningProxy> =>
  startProxy(runtime, {
    upstreams: { app: `http://127.0.0.1:${port}` },
    routes: [{ upstream: "app" }],
  });

/** Messages of a Vite client, in order. */
class Updates {
  readonly #messages: { type: string }[] = [];

  constructor(socket: WebSocket) {
    socket.on("message", (data: Buffer) =>
      this.#messages.push(JSON.parse(data.toString()) as { type: string }),
    );
  }

  async until(type: string): Promise<unknown> {
    await expect.poll(() => this.#messages.map((each) => each.type), { timeout: 10_000 }).toContain(type);
    return this.#messages.find((each) => each.type === type);
  }
}

for (const runtime of RUNTIMES) {
  describe(`Vite behind the proxy on ${runtime}`, () => {
    let directory = "";
    let vite: ViteDevServer;
    let proxy: RunningProxy;

    beforeAll(async () => {
      directory = mkdtempSync(join(tmpdir(), "fairlead-vite-"));
      writeFileSync(join(directory, "index.html"), '<script type="module" src="/main.js"></script>');
      writeFileSync(join(directory, "main.js"), "export const version = 1;\nimport.meta.hot.accept();\n");
      vite = await createVite({
        root: directory,
        configFile: false,
        logLevel: "silent",
        server: { port: 0, host: "127.0.0.1" },
        optimizeDeps: { noDiscovery: true },
      });
      await vite.listen();
      const bound = vite.httpServer?.address();
      if (typeof bound !== "object" || bound === null) throw new Error("Vite does not listen");
      proxy = await inFrontOf(runtime, bound.port);
    }, 30_000);

    afterAll(async () => {
      await proxy.stop();
      await vite.close();
      rmSync(directory, { recursive: true, force: true });
    });

    const text = async (path: string): Promise<string> =>
      (await fetch(`http://127.0.0.1:${proxy.port}${path}`)).text();

    test("a changed module is told to the browser", async () => {
      expect(await text("/")).toContain("/@vite/client");
      const [, token = ""] = /wsToken = "([^"]+)"/.exec(await text("/@vite/client")) ?? [];
      expect(token).not.toBe("");
      const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/?token=${token}`, "vite-hmr");
      const updates = new Updates(socket);
      await within(once(socket, "open"), "the WebSocket to open");
      expect(socket.protocol).toBe("vite-hmr");
      await updates.until("connected");
      expect(await text("/main.js")).toContain("version = 1");
      writeFileSync(join(directory, "main.js"), "export const version = 2;\nimport.meta.hot.accept();\n");
      expect(await updates.until("update")).toMatchObject({
        updates: [{ type: "js-update", path: "/main.js" }],
      });
      expect(await text("/main.js")).toContain("version = 2");
      socket.terminate();
    });

    test("a client without Vite's token is refused as Vite refuses it", async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/?token=wrong`, "vite-hmr", {
        origin: "http://elsewhere.test",
      });
      socket.on("error", () => {});
      const [, { statusCode }] = (await within(once(socket, "unexpected-response"), "a refusal")) as [
        unknown,
        { statusCode: number },
      ];
      expect(statusCode).toBe(400);
      socket.terminate();
    });
  });

  describe(`Socket.IO behind the proxy on ${runtime}`, () => {
    let http: HttpServer;
    let server: SocketServer;
    let proxy: RunningProxy;
    const transports: string[] = [];

    beforeAll(async () => {
      http = createServer();
      server = new SocketServer(http, { pingInterval: 200, pingTimeout: 5_000 });
      server.on("connection", (socket) => {
        socket.on("say", (text: string, answer: (text: string) => void) => answer(`${text}!`));
        socket.on("bytes", (bytes: Buffer) => socket.emit("bytes", bytes));
        socket.conn.on("upgrade", ({ name }: { name: string }) => transports.push(name));
      });
      http.listen(0, "127.0.0.1");
      await once(http, "listening");
      proxy = await inFrontOf(runtime, (http.address() as AddressInfo).port);
    });

    afterAll(async () => {
      await server.close();
      await proxy.stop();
    });

    const connected = async (names: ("polling" | "websocket")[]): Promise<SocketClient> => {
      const client = io(`http://127.0.0.1:${proxy.port}`, { transports: names, forceNew: true });
      await within(
        new Promise((resolve) => client.once("connect", () => resolve(undefined))),
        "a connection",
      );
      return client;
    };

    test.each<["polling" | "websocket"]>([["polling"], ["websocket"]])(
      "events, answers and bytes pass by %s, over several pings",
      async (name) => {
        const client = await connected([name]);
        expect(await client.timeout(5_000).emitWithAck("say", "hello")).toBe("hello!");
        let pings = 0;
        client.io.on("ping", () => pings++);
        await expect.poll(() => pings, { timeout: 10_000 }).toBeGreaterThan(2);
        const bytes = Buffer.alloc(100_000, "fairlead");
        const back = new Promise<Buffer>((resolve) => client.once("bytes", resolve));
        client.emit("bytes", bytes);
        expect((await within(back, "the bytes")).equals(bytes)).toBe(true);
        client.disconnect();
      },
    );

    test("a connection that begins by polling goes over to a WebSocket", async () => {
      transports.length = 0;
      const client = await connected(["polling", "websocket"]);
      await expect.poll(() => client.io.engine.transport.name, { timeout: 10_000 }).toBe("websocket");
      await expect.poll(() => transports, { timeout: 10_000 }).toEqual(["websocket"]);
      expect(await client.timeout(5_000).emitWithAck("say", "still there")).toBe("still there!");
      client.disconnect();
    });
  });
}
