/** HAProxy in front of Fairlead: connections passed on with the PROXY protocol, health checks included. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { within } from "../support/bound.ts";
import { certificate } from "../support/certificate.ts";
import { Child } from "../support/child.ts";
import { freePort } from "../support/free-port.ts";
import { RUNTIMES, type RunningProxy, startProxy } from "../support/runtimes.ts";

const HAPROXY = ["/usr/sbin/haproxy", "/usr/local/sbin/haproxy", "/opt/homebrew/bin/haproxy"].find(
  existsSync,
);

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => socket.destroy() && resolve(true)).once("error", () => resolve(false));
  });

const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

for (const runtime of RUNTIMES.filter((name) => name !== "workerd")) {
  describe.skipIf(HAPROXY === undefined)(`HAProxy in front of ${runtime}`, () => {
    let directory = "";
    let proxy: RunningProxy;
    let haproxy: Child;
    const { cert, key } = certificate({ hosts: ["site.test"] });
    const ports = { tls: 0, v1: 0, v2: 0, checked: 0 };

    beforeAll(async () => {
      directory = mkdtempSync(join(tmpdir(), "fairlead-haproxy-"));
      for (const name of ["tls", "v1", "v2", "checked"] as const) ports[name] = await freePort();
      proxy = await startProxy(runtime, {
        listen: {
          proxyProtocol: { from: "127.0.0.1" },
          also: [
            { port: ports.tls, host: "127.0.0.1", tls: { cert, key }, proxyProtocol: { from: "127.0.0.1" } },
          ],
        },
        routes: [
          {
            respond: { status: 200, body: "answered" },
            responseHeaders: { set: { "x-seen": "${client.address} ${request.scheme}" } },
          },
        ],
      });
      const part = (name: string, port: number, server: string): string => `
listen ${name}
  bind 127.0.0.1:${port}
  server edge 127.0.0.1:${ports.tls} ${server}
`;
      writeFileSync(
        join(directory, "haproxy.cfg"),
        `
global
  maxconn 100
defaults
  mode tcp
  timeout connect 5s
  timeout client 20s
  timeout server 20s
${part("v1", ports.v1, "send-proxy")}
${part("v2", ports.v2, "send-proxy-v2 proxy-v2-options crc32c,unique-id")}
${part("checked", ports.checked, "send-proxy-v2 check check-send-proxy inter 200ms")}
`,
      );
      haproxy = new Child("haproxy", HAPROXY ?? "", ["-db", "-f", join(directory, "haproxy.cfg")]);
      while (haproxy.exit === undefined && !(await accepts(ports.checked))) await pause(20);
    }, 60_000);

    afterAll(async () => {
      haproxy.signal("SIGKILL");
      await haproxy.ended();
      await proxy.stop();
      rmSync(directory, { recursive: true, force: true });
    });

    /** What Fairlead saw of a client with this address. */
    const seen = (port: number, localAddress: string): Promise<unknown> =>
      within(
        new Promise((resolve, reject) => {
          const sent = request(
            {
              port,
              host: "127.0.0.1",
              localAddress,
              servername: "site.test",
              headers: { host: "site.test" },
              ca: cert,
              agent: false,
            },
            (response) => {
              response.resume();
              response.on("end", () => resolve(response.headers["x-seen"]));
            },
          );
          sent.on("error", reject);
          sent.end();
        }),
        "a response",
      );

    test.each(["v1", "v2", "checked"] as const)(
      "clients behind TLS keep their addresses (%s)",
      async (name) => {
        for (const address of ["127.0.0.2", "127.0.0.3"]) {
          expect(await seen(ports[name], address)).toBe(`${address} https`);
        }
      },
    );
  });
}
