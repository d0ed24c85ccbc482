/** Upstreams behind TLS and on Unix domain sockets: who is trusted, and what a runtime that can't says at start. */
import { mkdtempSync, rmSync } from "node:fs";
import { type Server, createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ConfigInput } from "../../src/config/types.ts";
import { CAPABILITIES, type Capability } from "../../src/core/capability.ts";
import { CAPABILITIES_OF } from "../support/capabilities.ts";
import { certificate } from "../support/certificate.ts";
import { RawOrigin } from "../support/raw-origin.ts";
import { RUNTIMES, type RunningProxy, startProxy } from "../support/runtimes.ts";

const AUTHORITY = "fairlead test authority";
const authority = certificate({ name: AUTHORITY, authority: true });
const issued = (...hosts: readonly string[]): { cert: string; key: string } =>
  certificate({ name: "fairlead test origin", hosts, issuer: { name: AUTHORITY, key: authority.key } });

/** Answers with the TLS server name that it was asked for. */
const startOrigin = async (options: Parameters<typeof createServer>[0]): Promise<Server> => {
  const server = createServer(options, ({ socket }, response) => {
    response.end(String((socket as TLSSocket & { servername: unknown }).servername));
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
};

const urlOf = (server: Server): string => `https://127.0.0.1:${(server.address() as AddressInfo).port}`;

describe.each(RUNTIMES)("upstream sockets on %s", (runtime) => {
  const proxies: RunningProxy[] = [];
  const can = CAPABILITIES_OF[runtime];

  const start = async (app: NonNullable<ConfigInput["upstreams"]>[string]): Promise<string> => {
    const proxy = await startProxy(runtime, { upstreams: { app }, routes: [{ upstream: "app" }] });
    proxies.push(proxy);
    return `http://127.0.0.1:${proxy.port}`;
  };

  /** Runs `check` against the upstream where the runtime can have it; elsewhere it is refused at start. */
  const where = async (
    needed: readonly Capability[],
    app: NonNullable<ConfigInput["upstreams"]>[string],
    check: (url: string) => Promise<void>,
  ): Promise<void> => {
    const missing = needed.find((capability) => !can.has(capability));
    if (missing === undefined) await check(await start(app));
    else await expect(start(app)).rejects.toThrow(CAPABILITIES[missing]);
  };

  afterEach(async () => {
    for (const proxy of proxies.splice(0)) await proxy.stop();
  });

  describe("https", () => {
    let origin: Server;
    let named: Server;
    let guarded: Server;
    beforeAll(async () => {
      origin = await startOrigin(issued("127.0.0.1"));
      named = await startOrigin(issued("inside.test"));
      guarded = await startOrigin({
        ...issued("127.0.0.1"),
        ca: authority.cert,
        requestCert: true,
        rejectUnauthorized: true,
      });
    });
    afterAll(() => {
      for (const server of [origin, named, guarded]) {
        server.close();
        server.closeAllConnections();
      }
    });

    const expectRefusal = async (url: string, code = /^connect-failed$/): Promise<void> => {
      const response = await fetch(url, { headers: { accept: "application/json" } });
      expect(response.status).toBe(502);
      const text = await response.text();
      expect(text).not.toMatch(/certificate|127\.0\.0\.1/i);
      // workerd tells every connection that fails as a lost one.
      expect(JSON.parse(text)).toMatchObject({
        code: expect.stringMatching(runtime === "workerd" ? /^upstream-reset$/ : code),
      });
    };
    const expectAnswer = async (url: string, text?: string): Promise<void> => {
      const response = await fetch(url);
      const body = await response.text();
      expect([response.status, text === undefined ? undefined : body]).toEqual([200, text]);
    };

    it("certificate of an unknown authority is answered with 502", async () => {
      await expectRefusal(await start(urlOf(origin)));
    });

    it("certificate of the config's authority is trusted", async () => {
      const app = { endpoints: urlOf(origin), tls: { ca: authority.cert } };
      await where(["upstream-ca"], app, (url) => expectAnswer(url));
    });

    it("certificate for another name is answered with 502, whoever issued it", async () => {
      const app = { endpoints: urlOf(named), tls: { ca: authority.cert } };
      await where(["upstream-ca"], app, (url) => expectRefusal(url));
    });

    it("server name of the config is sent and verified", async () => {
      const app = { endpoints: urlOf(named), tls: { ca: authority.cert, serverName: "inside.test" } };
      await where(["upstream-ca", "upstream-server-name"], app, (url) => expectAnswer(url, "inside.test"));
    });

    it("server name that the certificate is not for is answered with 502", async () => {
      const app = { endpoints: urlOf(origin), tls: { ca: authority.cert, serverName: "inside.test" } };
      await where(["upstream-ca", "upstream-server-name"], app, (url) => expectRefusal(url));
    });

    it("certificate is not verified where the config says so", async () => {
      const app = { endpoints: urlOf(origin), tls: { verify: false } };
      await where(["upstream-no-verify"], app, (url) => expectAnswer(url));
    });

    it("client certificate is presented to an origin that asks for one", async () => {
      const app = { endpoints: urlOf(guarded), tls: { ca: authority.cert, ...issued("client.test") } };
      await where(["upstream-ca", "upstream-client-certificate"], app, (url) => expectAnswer(url));
    });

    it("origin that asks for a client certificate in vain is answered for with 502", async () => {
      const app = { endpoints: urlOf(guarded), tls: { ca: authority.cert } };
      // In TLS 1.3 the handshake is over for a client before it is refused; not every runtime tells that apart.
      await where(["upstream-ca"], app, (url) => expectRefusal(url, /^(?:connect-failed|upstream-reset)$/));
    });
  });

  describe("Unix domain socket", () => {
    const directory = mkdtempSync(join(tmpdir(), "fairlead-socket-"));
    let origin: RawOrigin;
    beforeAll(async () => {
      origin = await RawOrigin.start(join(directory, "app.sock"));
    });
    afterAll(async () => {
      await origin.stop();
      rmSync(directory, { recursive: true, force: true });
    });

    it("origin gets the target in origin form, the content and a Host", async () => {
      await where(["unix-socket"], origin.url, async (url) => {
        const response = await fetch(`${url}/a/b?c=%2F`, { method: "POST", body: "content" });
        expect([response.status, await response.text()]).toEqual([200, "origin"]);
        const { head, body } = await origin
          .request()
          .then(async (x) => ({ head: x.head, body: await x.body() }));
        expect([head.method, head.target, String(body)]).toEqual(["POST", "/a/b?c=%2F", "content"]);
        expect(head.fields.all("host")).toEqual(["localhost"]);
      });
    });
  });
});
