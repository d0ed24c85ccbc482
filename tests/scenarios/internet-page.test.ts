/** What docs/internet.md tells to do, done: with its config, on free ports, and a certificate of `fairlead cert`. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ConfigInput } from "../../src/config/types.ts";
import { freePort } from "../support/free-port.ts";
import { within } from "../support/bound.ts";
import { Child } from "../support/child.ts";
import { RawClient } from "../support/raw-client.ts";
import { RawOrigin } from "../support/raw-origin.ts";
import { RUNTIMES } from "../support/runtimes.ts";
import { ROOT, readSource } from "../support/sources.ts";

const NAME = "app.example.com";

const binary = (name: string): string => join(ROOT, "node_modules/.bin", name);
const LAUNCHERS: Readonly<Record<string, readonly [command: string, ...args: string[]]>> = {
  node: [binary("node"), join(ROOT, "bin/fairlead.ts")],
  deno: [binary("deno"), "run", "--allow-all", "--quiet", join(ROOT, "bin/fairlead.ts")],
  bun: [binary("bun"), join(ROOT, "bin/fairlead.ts")],
};

/** The first block of a language on the page. */
const block = (language: string): string =>
  new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)\n\`\`\`$`, "m").exec(readSource("docs/internet.md"))?.[1] ??
  "";

for (const runtime of RUNTIMES.filter((name) => name in LAUNCHERS)) {
  describe(`the page on the internet, followed on ${runtime}`, () => {
    let directory = "";
    let origin: RawOrigin;
    let child: Child;
    let port = 0;
    let plainPort = 0;

    const command = async (...args: string[]): Promise<Child> => {
      const [file = "", ...before] = LAUNCHERS[runtime] ?? [];
      const ran = new Child("fairlead", file, [...before, ...args], {}, directory);
      await ran.ended(20_000);
      return ran;
    };

    beforeAll(async () => {
      directory = mkdtempSync(join(tmpdir(), "fairlead-internet-"));
      origin = await RawOrigin.start();
      [port, plainPort] = [await freePort(), await freePort()];
      const config = JSON.parse(block("json")) as { listen: NonNullable<ConfigInput["listen"]> };
      const { listen } = config;
      expect([listen.port, listen.also]).toEqual([443, [{ port: 80, redirect: "https" }]]);
      const shown = {
        ...config,
        listen: { ...listen, port, also: [{ port: plainPort, redirect: "https" }] },
        upstreams: { app: origin.url },
      };
      writeFileSync(join(directory, "fairlead.json"), JSON.stringify(shown));
      expect((await command("cert", NAME)).exit).toMatchObject({ code: 0 });
      expect((await command("check", "--config", "fairlead.json")).exit).toMatchObject({ code: 0 });
      const [file = "", ...before] = LAUNCHERS[runtime] ?? [];
      child = new Child("fairlead", file, [...before, "--config", "fairlead.json"], {}, directory);
      await child.printed(/https:\/\/.*:\d+/, 20_000);
    }, 60_000);

    afterAll(async () => {
      await child.stop();
      await origin.stop();
      rmSync(directory, { recursive: true, force: true });
    });

    const authority = (): string => readFileSync(join(directory, "authority.pem"), "utf8");

    const get = (path: string, host = NAME): Promise<{ status: number; hsts: unknown; body: string }> =>
      within(
        new Promise((resolve, reject) => {
          const options = { port, host: "127.0.0.1", servername: NAME, path, ca: authority(), agent: false };
          const sent = request({ ...options, headers: { host } }, (response) => {
            let body = "";
            response.on("data", (data: Buffer) => (body += data.toString()));
            response.on("end", () => {
              const hsts = response.headers["strict-transport-security"];
              resolve({ status: response.statusCode ?? 0, hsts, body });
            });
          });
          sent.on("error", reject);
          sent.end();
        }),
        "a response",
      );

    /** Serial number of the certificate, for a client with or without a server name. */
    const serial = (servername?: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const name = servername === undefined ? {} : { servername };
        const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...name }, () => {
          resolve(socket.getPeerCertificate().serialNumber);
          socket.destroy();
        });
        socket.on("error", reject);
      });

    test("the app is served by https, with HSTS, under its name alone", async () => {
      expect(await get("/")).toMatchObject({ status: 200, body: "origin" });
      expect((await get("/-/ready")).status).toBe(200);
      expect((await get("/")).hsts).toMatch(/max-age=/);
      expect((await get("/", "elsewhere.test")).status).toBe(421);
    });

    test("the plain port leads to https", async () => {
      const client = await RawClient.connect(plainPort);
      await client.send(`GET /a?b=c HTTP/1.1\r\nHost: ${NAME}\r\n\r\n`);
      const { status, fields } = await client.response();
      expect([status, fields.get("location")]).toEqual([308, `https://${NAME}:${port}/a?b=c`]);
      client.close();
    });

    test("a new certificate is taken under load without a failed request, for every client", async () => {
      const before = await serial(NAME);
      const over = new AbortController();
      const statuses: number[] = [];
      const load = Array.from({ length: 4 }, async () => {
        while (!over.signal.aborted) statuses.push((await get("/-/ready")).status);
      });
      expect((await command("cert", "--force", NAME)).exit).toMatchObject({ code: 0 });
      await expect.poll(() => serial(NAME), { timeout: 8_000 }).not.toBe(before);
      expect(await serial()).toBe(await serial(NAME));
      over.abort();
      await Promise.all(load);
      expect(new Set(statuses)).toEqual(new Set([200]));
      expect(statuses.length).toBeGreaterThan(4);
    });

    test("a stop ends with 0", async () => {
      child.signal("SIGTERM");
      expect(await child.ended(15_000)).toEqual({ code: 0, signal: null });
    }, 20_000);
  });
}

const SYSTEMD = "/usr/bin/systemd-analyze";

test.skipIf(!existsSync(SYSTEMD))("the unit of the page passes systemd's own check", () => {
  const directory = mkdtempSync(join(tmpdir(), "fairlead-unit-"));
  const file = join(directory, "fairlead.service");
  // The command and the user are there once the page has been followed.
  const unit = block("ini").replace("/usr/bin/fairlead", "/bin/true").replace("User=fairlead", "User=root");
  writeFileSync(file, unit);
  const { status, stderr } = spawnSync(SYSTEMD, ["verify", file], { encoding: "utf8" });
  rmSync(directory, { recursive: true });
  expect([status, stderr]).toEqual([0, ""]);
});
