/** Certificates that are over soon: said at the start and by `check`, and measured. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { certificate } from "../support/certificate.ts";
import { Child } from "../support/child.ts";
import { freePort } from "../support/free-port.ts";
import { RUNTIMES } from "../support/runtimes.ts";
import { ROOT } from "../support/sources.ts";

const binary = (name: string): string => join(ROOT, "node_modules/.bin", name);
const LAUNCHERS: Readonly<Record<string, readonly [command: string, ...args: string[]]>> = {
  node: [binary("node"), join(ROOT, "bin/fairlead.ts")],
  deno: [binary("deno"), "run", "--allow-all", "--quiet", join(ROOT, "bin/fairlead.ts")],
  bun: [binary("bun"), join(ROOT, "bin/fairlead.ts")],
};

const DAY_MS = 86_400_000;

for (const runtime of RUNTIMES.filter((name) => name in LAUNCHERS)) {
  describe(`certificates that are over soon, on ${runtime}`, () => {
    let directory = "";
    let adminPort = 0;
    // Certificates tell whole seconds.
    const ends = { site: 0, other: 0 };

    const run = (...args: readonly string[]): Child => {
      const [command = "", ...before] = LAUNCHERS[runtime] ?? [];
      return new Child("fairlead", command, [...before, ...args], {}, directory);
    };

    beforeAll(async () => {
      directory = mkdtempSync(join(tmpdir(), "fairlead-expiry-"));
      adminPort = await freePort();
      const second = Math.floor(Date.now() / 1000) * 1000;
      ends.site = second + 10 * DAY_MS + 3_600_000;
      ends.other = second + 200 * DAY_MS;
      for (const [name, to] of Object.entries(ends)) {
        const { cert, key } = certificate({ hosts: [`${name}.test`], from: second - 80 * DAY_MS, to });
        writeFileSync(join(directory, `${name}.pem`), cert);
        writeFileSync(join(directory, `${name}.key`), key);
        chmodSync(join(directory, `${name}.key`), 0o600);
      }
      const tls = {
        cert: "${file:site.pem}",
        key: "${file:site.key}",
        certificates: [{ cert: "${file:other.pem}", key: "${file:other.key}" }],
      };
      const config = {
        listen: { port: 0, host: "127.0.0.1", tls },
        admin: { port: adminPort },
        routes: [{ respond: { status: 200 } }],
      };
      writeFileSync(join(directory, "fairlead.json"), JSON.stringify(config));
    });

    afterAll(() => rmSync(directory, { recursive: true, force: true }));

    test("check warns of the one, at its place", async () => {
      const child = run("check");
      expect((await child.ended(30_000)).code).toBe(0);
      expect(child.stderr).toMatch(
        /fairlead\.json:1:\d+: listen\.tls\.cert: the certificate expires in 10 days, at /,
      );
      expect(child.stderr.match(/expires/g)).toHaveLength(1);
    });

    test("a start says so, and metrics tell when", async () => {
      const child = run("start");
      const [line] = await child.printed(/^\{.*the certificate expires.*\}$/m, 30_000);
      expect(JSON.parse(line)).toMatchObject({
        level: "warning",
        listener: "listen",
        name: "site.test",
        expires_at: new Date(ends.site).toISOString(),
      });
      const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
      for (const [name, at] of Object.entries(ends)) {
        const labels = `fairlead_listener="listen",fairlead_certificate_name="${name}.test"`;
        expect(text).toContain(`fairlead_certificate_not_after_seconds{${labels}} ${at / 1000}`);
      }
      child.signal("SIGKILL");
      await child.ended();
    });
  });
}
