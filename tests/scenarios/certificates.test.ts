import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ConfigInput } from "../../src/config/types.ts";
import { type CertificateOptions, certificate, curveKey, rsaKey } from "../support/certificate.ts";
import { Child } from "../support/child.ts";
import { RUNTIMES, startProxy } from "../support/runtimes.ts";
import { ROOT } from "../support/sources.ts";

const binary = (name: string): string => join(ROOT, "node_modules/.bin", name);
const LAUNCHERS: Readonly<Record<string, readonly [command: string, ...args: string[]]>> = {
  node: [binary("node"), join(ROOT, "bin/fairlead.ts")],
  deno: [binary("deno"), "run", "--allow-all", "--quiet", join(ROOT, "bin/fairlead.ts")],
  bun: [binary("bun"), join(ROOT, "bin/fairlead.ts")],
};

const configWith = (tls: { cert: string; key: string } | { ca: string }): ConfigInput => ({
  upstreams: { app: { endpoints: "https://127.0.0.1:9", tls } },
});

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fairlead-tls-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe.each(RUNTIMES.filter((name) => name in LAUNCHERS))("a client certificate on %s", (runtime) => {
  const check = async (): Promise<{ code: number | null; stderr: string }> => {
    const [command = "", ...before] = LAUNCHERS[runtime] ?? [];
    const child = new Child("fairlead", command, [...before, "check"], {}, directory);
    const { code } = await child.ended();
    return { code, stderr: child.stderr };
  };

  const write = ({ cert, key }: { cert: string; key: string }, mode: number): void => {
    const tls = { cert: "${file:site.pem}", key: "${file:site.key}" };
    writeFileSync(join(directory, "fairlead.json"), JSON.stringify(configWith(tls), null, 2));
    writeFileSync(join(directory, "site.pem"), cert);
    writeFileSync(join(directory, "site.key"), key);
    chmodSync(join(directory, "site.key"), mode);
  };

  it("is accepted with its key, which nobody else may read", async () => {
    write(certificate(), 0o600);
    expect(await check()).toMatchObject({ code: 0 });
  });

  it("is refused with another key, at its place", async () => {
    write({ ...certificate(), key: certificate().key }, 0o600);
    const { code, stderr } = await check();
    expect(code).toBe(2);
    expect(stderr).toContain(
      "fairlead.json:7:16: upstreams.app.tls.key: the private key does not match the certificate in `cert`",
    );
  });

  it("is refused when it has expired", async () => {
    write(certificate({ from: 0, to: 1 }), 0o600);
    expect((await check()).stderr).toContain("tls.cert: the certificate expired at 1970-01-01 00:00 UTC");
  });

  it("is refused when others may read its key", async () => {
    write(certificate(), 0o644);
    const { code, stderr } = await check();
    expect(code).toBe(2);
    expect(stderr).toContain(`run "chmod 600 ${join(directory, "site.key")}"`);
  });

  it("keeps a server from starting, and never ends it later", async () => {
    const { cert } = certificate();
    await expect(startProxy(runtime, configWith({ cert, key: certificate().key }))).rejects.toThrow(
      "does not match the certificate",
    );
  });
});

describe.runIf(RUNTIMES.includes("deno"))("a client certificate that Deno can't use", () => {
  it.each<[string, CertificateOptions]>([
    ["a short RSA key", { key: rsaKey(1024) }],
    ["an unknown curve", { key: curveKey("secp256k1") }],
    ["X.509 version 1", { version: 1 }],
  ])("keeps a server from starting: %s", async (_, options) => {
    const refused = startProxy("deno", configWith(certificate(options)));
    await expect(refused).rejects.toThrow(/ConfigError: upstreams\.app\.tls\.(?:cert|key): /);
    await expect(refused).rejects.not.toThrow("panicked");
  });
});

describe.each(RUNTIMES.filter((name) => name in LAUNCHERS))("an authority on %s", (runtime) => {
  it("is trusted instead of the runtime's", async () => {
    const outcome = await startProxy(runtime, configWith({ ca: certificate().cert })).then(
      (proxy) => proxy.stop().then(() => "trusted"),
      (refusal: unknown) => String(refusal),
    );
    expect(outcome).toBe("trusted");
  });
});

describe.each(RUNTIMES.filter((name) => name in LAUNCHERS))("a file that never ends on %s", (runtime) => {
  it("is refused, not read", async () => {
    const config = { routes: [{ respond: { status: 200, body: "${file:/dev/zero}" } }] };
    writeFileSync(join(directory, "fairlead.json"), JSON.stringify(config));
    const [command = "", ...before] = LAUNCHERS[runtime] ?? [];
    const child = new Child("fairlead", command, [...before, "check"], {}, directory);
    const { code } = await child.ended(20_000);
    expect([code, child.stderr]).toEqual([2, expect.stringContaining("this is no file but a device")]);
  });
});
