import { writeFileSync } from "node:fs";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Child } from "../support/child.ts";
import { type Installed, OLDEST_NODE, installPacked } from "../support/installed.ts";
import { ROOT } from "../support/sources.ts";

const RUNTIMES = [`node ${OLDEST_NODE}`, "node 26", "bun", "deno"];
const MAX_PACKED_BYTES = 730_000;

const PROGRAM = `
import { defineConfig, gateway, parseConfig, proxyTo } from "fairlead";
import { requestId } from "fairlead/middleware";
import { testGateway } from "fairlead/testing";
import * as own from "fairlead/RUNTIME";

const config = defineConfig({ routes: [{ respond: { body: "built in" } }] });
const direct = await gateway(config).request("http://localhost/");
const { app } = testGateway({ upstreams: { a: "http://a" }, routes: [{ upstream: "a" }] }, {
  "http://a": () => new Response("scripted"),
});
const through = await app.request("http://localhost/");
const serving = await own.serve(parseConfig(config), { port: 0, host: "127.0.0.1" });
const served = await fetch("http://127.0.0.1:" + serving.address.port);
console.log(JSON.stringify({
  direct: await direct.text(),
  through: await through.text(),
  served: await served.text(),
  functions: [typeof proxyTo, typeof requestId, typeof own.platform],
}));
await serving.stop();
`;

let found: Installed | undefined;
const origin: Server = createServer((_, response) => response.end("from the origin"));
let originUrl = "";

beforeAll(async () => {
  found = installPacked();
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  originUrl = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
});

afterAll(() => {
  origin.close();
  origin.closeAllConnections();
  found?.remove();
});

const installation = (): Installed => {
  if (found === undefined) throw new Error("nothing is installed");
  return found;
};

const launch = (runtime: string): readonly [string, ...string[]] => {
  const command = installation().runtimes[runtime];
  if (command === undefined) throw new Error(`no runtime ${runtime}`);
  return command;
};

describe("tarball", () => {
  it("holds the built package and nothing of the workshop", () => {
    const { files, packedBytes } = installation();
    expect(files).toContain("dist/bin/fairlead.js");
    expect(files).toContain("schema.json");
    expect(
      files.filter(
        (path) => !/^(dist\/|(README|CHANGELOG)\.md$|LICENSE$|package\.json$|schema\.json$)/.test(path),
      ),
    ).toEqual([]);
    expect(files.filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"))).toEqual([]);
    expect(packedBytes).toBeLessThan(MAX_PACKED_BYTES);
  });
});

describe.each(RUNTIMES)("installed, on %s", (runtime) => {
  it("imports and serves", () => {
    const [command, ...args] = launch(runtime);
    const name = runtime.split(" ")[0] ?? "";
    const file = join(installation().directory, `import-${name}.mjs`);
    writeFileSync(file, PROGRAM.replace("RUNTIME", name));
    expect(JSON.parse(installation().run(command, [...args, file]))).toEqual({
      direct: "built in",
      through: "scripted",
      served: "built in",
      functions: ["function", "function", "function"],
    });
  });

  it("runs the command, which stops with 0 on a signal", async () => {
    const [command, ...args] = launch(runtime);
    const file = join(installation().directory, "node_modules/fairlead/dist/bin/fairlead.js");
    const child = new Child(
      runtime,
      command,
      [...args, file, originUrl, "--port", "0"],
      { FAIRLEAD_ADMIN_PORT: "0" },
      installation().directory,
    );
    try {
      const [, address = ""] = await child.printed(/(http:\/\/localhost:\d+)/, 30_000);
      expect(await (await fetch(address)).text()).toBe("from the origin");
      const [, dashboard = ""] = await child.printed(/Dashboard: (http:\S+)/);
      expect(await (await fetch(dashboard)).text()).toContain("<title>Fairlead</title>");
      const charts = await (await fetch(`${dashboard}dashboard/uPlot.iife.min.js`)).text();
      expect(charts).toContain("Permission is hereby granted");
      child.signal("SIGTERM");
      expect(await child.ended()).toEqual({ code: 0, signal: null });
    } finally {
      await child.stop();
    }
  });
});

describe("npx fairlead", () => {
  it.each([`node ${OLDEST_NODE}`, "node 26"])("answers on %s", (runtime) => {
    const PATH = `${dirname(launch(runtime)[0])}:${process.env["PATH"] ?? ""}`;
    expect(installation().run("npx", ["--no-install", "fairlead", "--help"], { PATH })).toContain(
      "Usage: fairlead",
    );
    const checked = installation().run(
      "npx",
      ["--no-install", "fairlead", "check", "--print", "-c", "examples/fairlead.ts"],
      { PATH },
    );
    expect(JSON.parse(checked)).toMatchObject({
      routes: [{ name: "search" }, { name: "billing" }, { name: "accounts" }],
    });
  });
});

describe("types", () => {
  it.each([
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ])("hold for the examples with module %s and resolution %s", (module, moduleResolution) => {
    const tsconfig = {
      compilerOptions: {
        module,
        moduleResolution,
        target: "es2024",
        lib: ["es2024", "webworker"],
        types: ["node"],
        typeRoots: [join(ROOT, "node_modules/@types")],
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
      },
      include: ["examples/*.ts"],
    };
    writeFileSync(join(installation().directory, "tsconfig.json"), JSON.stringify(tsconfig));
    expect(installation().run(join(ROOT, "node_modules/.bin/tsc"), ["-p", "."])).toBe("");
  });
});

describe("examples", () => {
  it("config.test.ts passes", () => {
    const [command] = launch("node 26");
    expect(installation().run(command, ["--test", "examples/config.test.ts"])).toContain("pass 1");
  });

  it("hono-app.ts answers by itself and forwards the rest", async () => {
    const [command] = launch("node 26");
    const child = new Child(
      "hono-app",
      command,
      ["examples/hono-app.ts"],
      { API: originUrl, PORT: "0" },
      installation().directory,
    );
    try {
      const [address] = await child.printed(/http:\/\/localhost:\d+/);
      const own = await fetch(`${address}/hello`);
      expect(await own.text()).toBe("from the app itself\n");
      expect(own.headers.get("content-security-policy")).not.toBeNull();
      expect(await (await fetch(`${address}/api/x`)).text()).toBe("from the origin");
    } finally {
      await child.stop();
    }
  });

  it("worker.ts bundles for Workers with nothing of Node in it", () => {
    const bundle = installation().run(join(ROOT, "node_modules/.bin/esbuild"), [
      "examples/worker.ts",
      "--bundle",
      "--format=esm",
      "--conditions=workerd,worker",
      "--log-level=error",
    ]);
    expect(bundle).not.toMatch(/["']node:/);
    expect(bundle).not.toContain("undici");
  });
});
