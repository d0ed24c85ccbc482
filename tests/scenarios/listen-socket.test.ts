/** Unix sockets to listen on. */
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { type IncomingHttpHeaders, request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ConfigInput } from "../../src/config/types.ts";
import { within } from "../support/bound.ts";
import { RawOrigin } from "../support/raw-origin.ts";
import { RUNTIMES, type RunningProxy, startProxy } from "../support/runtimes.ts";

interface Got {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

const get = (socketPath: string, headers: Record<string, string> = {}, path = "/"): Promise<Got> =>
  within(
    new Promise((resolve, reject) => {
      const sent = request(
        { socketPath, path, headers: { host: "site.test", ...headers }, agent: false },
        (response) => {
          let body = "";
          response.on("data", (data: Buffer) => (body += data.toString()));
          response.on("end", () =>
            resolve({ status: response.statusCode ?? 0, body, headers: response.headers }),
          );
        },
      );
      sent.on("error", reject);
      sent.end();
    }),
    "a response",
  );

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

for (const runtime of RUNTIMES.filter((name) => name !== "workerd")) {
  describe(`Unix sockets to listen on, on ${runtime}`, () => {
    let directory = "";
    let origin: RawOrigin;
    const proxies: RunningProxy[] = [];
    const at = (name: string): string => join(directory, name);

    const start = async (config: ConfigInput): Promise<RunningProxy> => {
      const proxy = await startProxy(runtime, {
        upstreams: { main: origin.url },
        routes: [{ upstream: "main" }],
        ...config,
      });
      proxies.push(proxy);
      return proxy;
    };

    beforeEach(async () => {
      directory = mkdtempSync(join(tmpdir(), "fl-"));
      origin = await RawOrigin.start();
    });
    afterEach(async () => {
      for (const proxy of proxies.splice(0)) await proxy.stop();
      await origin.stop();
      rmSync(directory, { recursive: true, force: true });
    });

    test("the proxy answers at each of them, with the permissions that the config says", async () => {
      const proxy = await start({
        listen: {
          socket: at("main"),
          also: [{ socket: at("second"), socketMode: "0600" }],
          limits: { connectionsPerClient: 1 },
          drain: { delay: "0s" },
        },
        admin: { socket: at("admin") },
      });
      expect([modeOf(at("main")), modeOf(at("second")), modeOf(at("admin"))]).toEqual(["660", "600", "600"]);
      // Clients of a socket can't be told apart, so connectionsPerClient does not hold for them.
      const both = await Promise.all([get(at("main")), get(at("main"))]);
      expect(both.map(({ status }) => status)).toEqual([200, 200]);
      expect((await get(at("second"))).body).toBe("origin");
      expect((await get(at("admin"), { host: "localhost" }, "/readyz")).status).toBe(200);
      proxy.child.signal("SIGTERM");
      expect((await proxy.child.ended()).code).toBe(0);
      expect([at("main"), at("second"), at("admin")].filter(existsSync)).toEqual([]);
    });

    test("the client's address is not known, and forwarding fields are lies", async () => {
      await start({ listen: { socket: at("main") }, forwarding: { forwarded: true } });
      await get(at("main"), {
        "x-forwarded-for": "6.6.6.6",
        "x-forwarded-proto": "https",
        forwarded: "for=6.6.6.6",
      });
      const { fields } = (await origin.request()).head;
      expect(fields.get("x-forwarded-for")).toBeUndefined();
      expect(fields.get("x-forwarded-proto")).toBe("http");
      expect(fields.get("forwarded")).toBe("for=unknown;host=site.test;proto=http");
    });

    test('a proxy at the socket is believed where trustedProxies says "unix"', async () => {
      await start({ listen: { socket: at("main"), trustedProxies: ["unix", "10.0.0.0/8"] } });
      await get(at("main"), {
        "x-forwarded-for": "6.6.6.6, 203.0.113.7, 10.0.0.1",
        "x-forwarded-proto": "https",
      });
      const { fields } = (await origin.request()).head;
      expect(fields.get("x-forwarded-for")).toBe("203.0.113.7, 10.0.0.1");
      expect(fields.get("x-forwarded-proto")).toBe("https");
    });

    test("a file that a dead server left behind is replaced", async () => {
      const killed = await start({ listen: { socket: at("main") } });
      killed.child.signal("SIGKILL");
      await killed.child.ended();
      expect(existsSync(at("main"))).toBe(true);
      await expect(get(at("main"))).rejects.toThrow("ECONNREFUSED");
      await start({ listen: { socket: at("main") } });
      expect((await get(at("main"))).body).toBe("origin");
    });

    test("a socket on which something listens is left alone", async () => {
      const other = createServer((socket) => void socket.on("error", () => {}).resume());
      await new Promise<void>((resolve) => void other.listen(at("taken"), resolve));
      await expect(start({ listen: { socket: at("taken") } })).rejects.toThrow(
        "another program listens on the socket",
      );
      expect(existsSync(at("taken"))).toBe(true);
      await new Promise<void>((resolve) => void other.close(() => resolve()));
    });

    test("a file that another server has put there meanwhile stays at the stop", async () => {
      const proxy = await start({ listen: { socket: at("main") } });
      rmSync(at("main"));
      const other = createServer();
      await new Promise<void>((resolve) => void other.listen(at("main"), resolve));
      proxy.child.signal("SIGTERM");
      await proxy.child.ended();
      expect(existsSync(at("main"))).toBe(true);
      await new Promise<void>((resolve) => void other.close(() => resolve()));
    });
  });
}
