/** The recipes under deploy/ that can be run or checked by their own programs here. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Child } from "../support/child.ts";
import { promtool } from "../support/prometheus.ts";
import { RawClient } from "../support/raw-client.ts";
import { RawOrigin } from "../support/raw-origin.ts";
import { ROOT, readSource } from "../support/sources.ts";
import { requestText } from "../support/suite.ts";

const binary = (name: string): string => join(ROOT, "node_modules/.bin", name);

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fairlead-deploy-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const SYSTEMD = "/usr/bin/systemd-analyze";

test.skipIf(!existsSync(SYSTEMD))(
  "systemd takes the units, and finds little that the service could do",
  () => {
    // The command and the user are there once they have been installed.
    const service = readSource("deploy/systemd/fairlead.service")
      .replace("/usr/bin/fairlead", "/bin/true")
      .replace("User=fairlead", "User=root");
    writeFileSync(join(directory, "fairlead.service"), service);
    writeFileSync(join(directory, "fairlead.socket"), readSource("deploy/systemd/fairlead.socket"));
    const files = ["fairlead.service", "fairlead.socket"].map((name) => join(directory, name));
    const { status, stderr } = spawnSync(SYSTEMD, ["verify", ...files], { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
    writeFileSync(join(directory, "fairlead.service"), readSource("deploy/systemd/fairlead.service"));
    const { stdout } = spawnSync(SYSTEMD, ["security", "--offline=true", "--no-pager", files[0] ?? ""], {
      encoding: "utf8",
    });
    // 0 is least, 10 is most; a service without any of these settings is at 9.6.
    expect(Number(/Overall exposure level for fairlead\.service: ([\d.]+)/.exec(stdout)?.[1])).toBeLessThan(
      2.5,
    );
  },
);

test("Prometheus takes the configuration of compose.yaml's", () => {
  const token = join(directory, "token");
  writeFileSync(token, "0123456789abcdef");
  writeFileSync(join(directory, "fairlead.rules.yml"), readSource("deploy/prometheus/fairlead.rules.yml"));
  const config = join(directory, "prometheus.yml");
  writeFileSync(
    config,
    readSource("deploy/compose/prometheus.yml").replace("/run/secrets/admin-token", token),
  );
  const { code, said } = promtool(["check", "config", config]);
  expect([code, said]).toEqual([0, expect.stringContaining("1 rule files found")]);
});

test("the Worker is bundled with its cron trigger", () => {
  const out = join(directory, "bundle");
  const args = ["deploy", "--dry-run", "--config", "deploy/workers/wrangler.toml", "--outdir", out];
  const { status, stderr, stdout } = spawnSync(binary("wrangler"), args, { cwd: ROOT, encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/--dry-run: exiting now/);
  expect(readFileSync(join(out, "main.js"), "utf8")).toMatch(/scheduled/);
}, 60_000);

test("the app of Deno Deploy serves its upstream", async () => {
  const origin = await RawOrigin.start();
  const { imports } = JSON.parse(readSource("deno.json")) as {
    readonly imports: Readonly<Record<string, string>>;
  };
  const own = JSON.parse(readSource("deploy/deno/deno.json")) as {
    readonly imports: Readonly<Record<string, string>>;
  };
  expect(Object.keys(own.imports)).toEqual(["fairlead/fetch"]);
  // The library of this repository in place of the published one.
  const library = pathToFileURL(join(ROOT, "runtimes/fetch/mod.ts")).href;
  const config = join(directory, "deno.json");
  writeFileSync(
    config,
    JSON.stringify({ nodeModulesDir: "manual", imports: { ...imports, "fairlead/fetch": library } }),
  );
  symlinkSync(join(ROOT, "node_modules"), join(directory, "node_modules"));
  const args = ["run", "--allow-net", "--allow-env", "--allow-read", "--config", config];
  const env = { UPSTREAM: origin.url, DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0" };
  const child = new Child(
    "deno",
    binary("deno"),
    [...args, join(ROOT, "deploy/deno/main.ts")],
    env,
    directory,
  );
  try {
    const [, port] = await child.printed(/http:\/\/127\.0\.0\.1:(\d+)/, 20_000);
    const client = await RawClient.connect(Number(port));
    await client.send(requestText("/x"));
    expect(await client.response()).toMatchObject({ status: 200, text: "origin" });
    client.close();
  } finally {
    await child.stop();
    await origin.stop();
  }
}, 30_000);
