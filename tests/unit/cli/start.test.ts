import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Child } from "../../support/child.ts";
import { ROOT } from "../../support/sources.ts";

const binary = (name: string): string => join(ROOT, "node_modules/.bin", name);
const LAUNCHERS: Readonly<Record<"node" | "deno" | "bun", readonly [command: string, ...args: string[]]>> = {
  node: [binary("node"), join(ROOT, "bin/fairlead.ts")],
  deno: [binary("deno"), "run", "--allow-all", "--quiet", join(ROOT, "bin/fairlead.ts")],
  bun: [binary("bun"), join(ROOT, "bin/fairlead.ts")],
};
const ADDRESS = /(http:\/\/localhost:\d+)/;

let directory = "";
let running: Child[] = [];
let servers: Server[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fairlead-cli-"));
});

afterEach(async () => {
  await Promise.all(running.map((child) => child.stop()));
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
  rmSync(directory, { recursive: true, force: true });
  [running, servers] = [[], []];
});

const start = (
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  runtime: keyof typeof LAUNCHERS = "node",
): Child => {
  const [command, ...before] = LAUNCHERS[runtime];
  const child = new Child("fairlead", command, [...before, ...args], env, directory);
  running.push(child);
  return child;
};

const origin = async (answer: Parameters<typeof createServer>[1]): Promise<number> => {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
};

describe("fairlead start", () => {
  it("runs the demo when nothing is configured, and its curl lines work", async () => {
    const child = start(["--port", "0"]);
    const [, address = ""] = await child.printed(ADDRESS);
    await child.printed(/fairlead init/);
    await child.printed(/Listens on all addresses \(::, IPv4 and IPv6\)/);
    expect((await fetch(address.replace("localhost", "[::1]"))).status).toBe(200);
    expect((await fetch(address.replace("localhost", "127.0.0.1"))).status).toBe(200);
    const urls = [...child.stdout.matchAll(/curl -i (\S+)/g)].map((match) => match[1] ?? "");
    expect(urls).toHaveLength(4);
    const answers = await Promise.all(urls.map((url) => fetch(url, { redirect: "manual" })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 301]);
    expect(answers[2]?.headers.get("x-demo-route")).toBe("swift only");
    const names = new Set<string>();
    const statuses = new Set<number>();
    // Which of the three answers is chance, and moody fails now and then.
    for (let requests = 0; requests < 12 || (names.size < 3 && requests < 200); requests += 1) {
      const response = await fetch(address);
      statuses.add(response.status);
      names.add(((await response.json()) as { origin: string }).origin);
    }
    expect(names).toEqual(new Set(["swift", "steady", "moody"]));
    expect(statuses).toEqual(new Set([200]));
    await child.printed(/moody failed with 503; asking another, so the client never sees it/);
  });

  it("shows no failure of the demo's moody server to clients, and says why", async () => {
    const child = start(["--port", "0"]);
    const [, address = ""] = await child.printed(ADDRESS);
    const answers: Response[] = [];
    // Every fourth answer of moody is a failure, visitors' requests included.
    for (let i = 0; i < 12; i++) answers.push(await fetch(`${address}/moody/poem`));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const names = await Promise.all(
      answers.map(async (answer) => ((await answer.json()) as { origin: string }).origin),
    );
    expect(new Set(names)).toEqual(new Set(["moody", "swift"]));
    await child.printed(
      /upstream "moody": moody failed with 503; asking another, so the client never sees it/,
    );
  });

  it("proxies to a URL and warns when nobody answers there", async () => {
    const port = await origin((_, response) => response.end("hello"));
    const child = start([`http://127.0.0.1:${port}`, "http://127.0.0.1:1", "--port", "0"]);
    const [, address = ""] = await child.printed(ADDRESS);
    expect(await (await fetch(address)).text()).toBe("hello");
    await child.printed(
      /warning: .*nothing answers at http:\/\/127\.0\.0\.1:1 \(connection refused\).*start it/,
    );
    expect(child.exit).toBeUndefined();
  });

  it("takes the config of the working directory, the environment and the flags", async () => {
    const config = { listen: { port: 1 }, routes: [{ name: "hi", respond: { body: "from the file" } }] };
    writeFileSync(join(directory, "fairlead.json"), JSON.stringify(config));
    const child = start(["--host", "127.0.0.1"], { FAIRLEAD_LISTEN_PORT: "0" });
    const [, address = ""] = await child.printed(/(http:\/\/127\.0\.0\.1:\d+)/);
    await child.printed(/as fairlead\.json, FAIRLEAD_LISTEN_PORT, --host say/);
    expect(await (await fetch(address)).text()).toBe("from the file");
  });

  it("shows no secret in its routes and warnings", async () => {
    const config = {
      upstreams: { app: "http://127.0.0.1:1/${env:BASE}" },
      routes: [
        { match: { path: "/${env:BASE}/*" }, upstream: "app" },
        { match: { host: "${env:SITE}" }, upstream: "app" },
      ],
    };
    writeFileSync(join(directory, "fairlead.json"), JSON.stringify(config));
    const child = start(["--port", "0"], { BASE: "hunter2", SITE: "Hunter2.example" });
    await child.printed(/warning: .*nothing answers at http:\/\/127\.0\.0\.1:1\/\*\*\* \(/);
    expect(child.stdout).toMatch(/^ {2}\/\*{3}\/\* {2}→ http:\/\/127\.0\.0\.1:1\/\*{3}$/m);
    expect(child.stdout + child.stderr).not.toMatch(/hunter2/i);
  });

  it("loads a TypeScript config", async () => {
    const text = 'const body: string = "typed";\nexport default { routes: [{ respond: { body } }] };\n';
    writeFileSync(join(directory, "fairlead.ts"), text);
    const child = start(["--port", "0"]);
    const [, address = ""] = await child.printed(ADDRESS);
    expect(await (await fetch(address)).text()).toBe("typed");
  });

  const SYNTAX = 'export default {\n  upstreams: { a: "http://a" }\n  routes: [],\n};\n';

  it.each([
    ["node", SYNTAX, /fairlead\.ts:3:3: the module can't be loaded: Expected ','/],
    ["deno", SYNTAX, /fairlead\.ts:3:3: the module can't be loaded: SyntaxError: Expected ','/],
    ["bun", SYNTAX, /fairlead\.ts:3:3: the module can't be loaded: Expected "}"/],
    ["node", "\nexport default { routes: [missing] };", /fairlead\.ts:2:27: .*: missing is not defined/],
    [
      "node",
      'export default {\n  get upstreams() { throw new Error("boom"); },\n};\n',
      /fairlead\.ts:2:27: the default export can't be read: boom/,
    ],
  ] as const)("says where a module is wrong, on %s: %s", async (runtime, text, said) => {
    writeFileSync(join(directory, "package.json"), '{ "type": "module" }');
    writeFileSync(join(directory, "fairlead.ts"), text);
    const child = start([], {}, runtime);
    expect(await child.ended()).toEqual({ code: 2, signal: null });
    expect(child.stderr).toMatch(said);
    expect(child.stderr).not.toMatch(/\n\s+at |not a mistake of yours/);
  });

  it.each(["import os from 'node:os';\nexport default { routes: [os] };", "export default {};"])(
    "says what to do about a TypeScript config in a CommonJS package: %s",
    async (text) => {
      writeFileSync(join(directory, "package.json"), '{ "type": "commonjs" }');
      writeFileSync(join(directory, "fairlead.ts"), text);
      const child = start([]);
      expect(await child.ended()).toEqual({ code: 2, signal: null });
      expect(child.stderr).toContain('set "type": "module" in package.json, or name it fairlead.mts');
    },
  );

  it.each(["node", "deno", "bun"] as const)(
    "says in one sentence that the port is taken, on %s",
    async (runtime) => {
      const port = await origin((_, response) => response.end());
      const child = start(["http://127.0.0.1:1", "--host", "127.0.0.1", "--port", String(port)], {}, runtime);
      expect(await child.ended()).toEqual({ code: 1, signal: null });
      expect(child.stderr).toContain(`port ${port}`);
      expect(child.stderr).toContain("choose another port");
      expect(child.stderr).toContain("--port");
      expect(child.stderr.trim().split("\n")).toHaveLength(2);
    },
  );

  it("says which Node it needs on one that is too old", async () => {
    const old = 'Object.defineProperty(process.versions, "node", { value: "20.20.2" })';
    const args = [
      "--import",
      `data:text/javascript,${encodeURIComponent(old)}`,
      join(ROOT, "bin/fairlead.ts"),
    ];
    const child = new Child("fairlead", binary("node"), args, {}, directory);
    running.push(child);
    expect(await child.ended()).toEqual({ code: 1, signal: null });
    expect(child.stderr).toMatch(/^error: Fairlead needs Node 22\.18 or later, and this is Node 20\.20\.2\n/);
    expect(child.stderr).not.toMatch(/\n\s+at /);
  });

  it("refuses a wrong config with exit code 2", async () => {
    writeFileSync(join(directory, "fairlead.json"), '{ "listen": { "port": "x" } }');
    const child = start([]);
    expect(await child.ended()).toEqual({ code: 2, signal: null });
    expect(child.stderr).toContain("fairlead.json:1:");
    expect(child.stdout).toBe("");
  });
});

describe("output that nobody reads any more", () => {
  /** What `child` answers from then on, and how it ends. */
  const unread = async (child: Child, address: string): Promise<unknown> => {
    child.stopReading();
    const statuses: number[] = [];
    for (let i = 0; i < 3; i++) statuses.push((await fetch(address)).status);
    child.signal("SIGTERM");
    return [statuses, await child.ended()];
  };
  const fine = [[502, 502, 502], { code: 0, signal: null }];

  it.each(["node", "deno", "bun"] as const)("does not end the proxy, on %s", async (runtime) => {
    const child = start(["http://127.0.0.1:1", "--port", "0"], {}, runtime);
    const [, address = ""] = await child.printed(ADDRESS);
    await child.printed(/warning: /);
    expect(await unread(child, address)).toEqual(fine);
  });

  it("does not end a program that serves by itself", async () => {
    const text = `import { serve } from ${JSON.stringify(join(ROOT, "runtimes/node/mod.ts"))};
import { parseConfig } from ${JSON.stringify(join(ROOT, "src/mod.ts"))};
const serving = await serve(parseConfig({ upstreams: { a: "http://127.0.0.1:1" } }), { host: "127.0.0.1", port: 0 });
process.on("SIGTERM", () => void serving.stop());
console.log("http://localhost:" + serving.address.port);
`;
    writeFileSync(join(directory, "server.mjs"), text);
    const child = new Child("server", binary("node"), [join(directory, "server.mjs")], {}, directory);
    running.push(child);
    const [, address = ""] = await child.printed(ADDRESS);
    expect(await unread(child, address)).toEqual(fine);
  });

  it.each(["node", "deno", "bun"] as const)("ends a short command quietly, on %s", async (runtime) => {
    const child = start(["schema"], {}, runtime);
    child.stopReading();
    expect(await child.ended()).toEqual({ code: 0, signal: null });
  });
});

describe("a signal", () => {
  it.each(["node", "deno", "bun"] as const)(
    "lets a request in flight finish and exits with 0, on %s",
    async (runtime) => {
      let release = (): void => {};
      const arrived = Promise.withResolvers<void>();
      const port = await origin((_, response) => {
        release = () => response.end("finished");
        arrived.resolve();
      });
      const child = start([`http://127.0.0.1:${port}`, "--port", "0"], {}, runtime);
      const [, address = ""] = await child.printed(ADDRESS);
      const answer = fetch(address);
      await arrived.promise;
      child.signal("SIGTERM");
      await child.printed(/SIGTERM: finishing what is in flight/);
      release();
      expect(await (await answer).text()).toBe("finished");
      expect(await child.ended()).toEqual({ code: 0, signal: null });
    },
  );

  /** The first moments after a signal count as the same one, so it is given until it takes. */
  const insist = async (child: Child): Promise<unknown> => {
    child.signal("SIGINT");
    await child.printed(/SIGINT: finishing/);
    const again = setInterval(() => child.signal("SIGINT"), 50);
    try {
      return await child.ended();
    } finally {
      clearInterval(again);
    }
  };

  it.each(["node", "deno", "bun"] as const)(
    "given twice cuts what is in flight and ends with 1, on %s",
    async (runtime) => {
      const arrived = Promise.withResolvers<void>();
      const port = await origin(() => arrived.resolve());
      const child = start([`http://127.0.0.1:${port}`, "--port", "0"], {}, runtime);
      const [, address = ""] = await child.printed(ADDRESS);
      const answer = fetch(address).catch(() => "cut off");
      await arrived.promise;
      expect(await insist(child)).toEqual({ code: 1, signal: null });
      expect(child.stderr).toContain("1 request was cut off");
      expect(await answer).toBe("cut off");
    },
  );

  it.each(["node", "deno", "bun"] as const)(
    "given twice to an idle proxy ends at once with 0, on %s",
    async (runtime) => {
      const drain = { listen: { drain: { delay: "1h" } }, routes: [{ respond: { body: "x" } }] };
      writeFileSync(join(directory, "fairlead.json"), JSON.stringify(drain));
      const child = start(["--port", "0"], {}, runtime);
      const [, address = ""] = await child.printed(ADDRESS);
      await (await fetch(address)).text();
      expect(await insist(child)).toEqual({ code: 0, signal: null });
      expect(child.stderr).not.toContain("cut off");
    },
  );

  it("ends the demo with 0", async () => {
    const child = start(["--port", "0"]);
    await child.printed(/fairlead init/);
    child.signal("SIGINT");
    expect(await child.ended()).toEqual({ code: 0, signal: null });
  });
});
