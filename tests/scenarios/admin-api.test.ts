/** The admin listener of a running command: changes by hand, exchange of the config, connections, attacks. */
import { once } from "node:events";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import type { ConfigInput } from "../../src/config/types.ts";
import {
  type Attack,
  type AttackTarget,
  fromOtherSites,
  leaksOf,
  oversized,
  pathTricks,
  rebinding,
  withoutToken,
} from "../support/admin-attacks.ts";
import type { Child } from "../support/child.ts";
import { COMMAND_RUNTIMES, CommandDirectory, type CommandRuntime } from "../support/command.ts";
import { freePort } from "../support/free-port.ts";
import { linesOf } from "../support/log-lines.ts";
import { RawClient } from "../support/raw-client.ts";
import { RawOrigin } from "../support/raw-origin.ts";
import { readSource } from "../support/sources.ts";
import { requestText } from "../support/suite.ts";

const execute = promisify(execFile);

const LISTEN = { port: 0, host: "127.0.0.1" };
const TOKEN = "token-of-the-operators";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

interface Served {
  readonly child: Child;
  readonly port: number;
  readonly admin: number;
  readonly directory: CommandDirectory;
  readonly api: (method: string, path: string, body?: unknown) => Promise<{ status: number; body: unknown }>;
  readonly ask: (path?: string) => Promise<string>;
}

const serve = async (runtime: CommandRuntime, config: ConfigInput, token?: string): Promise<Served> => {
  const directory = new CommandDirectory(runtime);
  ends.push(() => directory.end());
  directory.write("secret.txt", "canary-of-a-file");
  directory.write("fairlead.json", { listen: LISTEN, log: { format: "json" }, ...config });
  const served = await directory.serve();
  return {
    ...served,
    directory,
    async api(method, path, body) {
      const response = await fetch(`http://127.0.0.1:${served.admin}${path}`, {
        method,
        headers: {
          ...(body !== undefined && { "content-type": "application/json" }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      expect(text).not.toContain("canary");
      return { status: response.status, body: text === "" ? undefined : (JSON.parse(text) as unknown) };
    },
    ask: async (path = "/") => (await fetch(`http://127.0.0.1:${served.port}${path}`)).text(),
  };
};

const origin = async (body: string): Promise<RawOrigin> => {
  const started = await RawOrigin.start();
  ends.push(() => started.stop());
  started.script((x) => x.respond(200, {}, body));
  return started;
};

const repelled = async (port: number, attacks: readonly Attack[]): Promise<void> => {
  const found: string[] = [];
  for (const attack of attacks) {
    const client = await RawClient.connect(port);
    // It may be answered before all of it has been read.
    void client.send(attack.text).catch(() => {});
    found.push(...leaksOf(attack, await client.response(attack.method).finally(() => client.close())));
  }
  expect(attacks.length).toBeGreaterThan(0);
  expect(found).toEqual([]);
};

describe.each(COMMAND_RUNTIMES)("admin listener on %s", (runtime) => {
  test("drain and weight last over a reload and an exchange of the config, and are shown", async () => {
    const [a, b] = [await origin("a"), await origin("b")];
    const config: ConfigInput = {
      upstreams: { main: { endpoints: [a.url, b.url], balance: "round-robin", slowStart: 0 } },
      routes: [{ upstream: "main" }],
      admin: { port: 0 },
    };
    const { api, ask, child, directory } = await serve(runtime, config);
    const answers = async (): Promise<Set<string>> =>
      new Set(await Promise.all(Array.from({ length: 8 }, () => ask())));
    expect(await answers()).toEqual(new Set(["a", "b"]));
    const drained = await api("POST", "/api/endpoints/drain", { upstream: "main", endpoint: a.url });
    expect(drained).toMatchObject({ status: 200 });
    expect(await answers()).toEqual(new Set(["b"]));
    directory.write("fairlead.json", { listen: LISTEN, ...config, requestId: { header: "x-other" } });
    child.signal("SIGHUP");
    await child.printed(/\(config 2\)/, 15_000);
    expect(await answers()).toEqual(new Set(["b"]));
    const put = await api("PUT", "/config", { ...config, listen: LISTEN });
    expect(put).toEqual({ status: 200, body: { generation: 3 } });
    expect(await answers()).toEqual(new Set(["b"]));
    expect(await api("GET", "/api/upstreams/main")).toMatchObject({
      body: { endpoints: [{ drained: true, weight: { configured: 1, effective: 0 } }, { drained: false }] },
    });
    await api("POST", "/api/endpoints/enable", { upstream: "main", endpoint: a.url });
    expect(await answers()).toEqual(new Set(["a", "b"]));
    await child.printed(/"event":"audit".*is enabled/);
    expect(
      linesOf(child.stderr, "audit").map(({ message, peer, result }) => [message, peer, result]),
    ).toEqual([
      [`endpoint ${a.url} of upstream "main" is drained`, "127.0.0.1", "done"],
      ["a config is put into effect", "127.0.0.1", "done"],
      [`endpoint ${a.url} of upstream "main" is enabled`, "127.0.0.1", "done"],
    ]);
  });

  test("exchanges the config as a whole or not at all, and shows it without secrets", async () => {
    const config = (body: string, more: ConfigInput = {}): ConfigInput => ({
      listen: LISTEN,
      routes: [{ respond: { body } }],
      ...more,
    });
    const { api, ask } = await serve(
      runtime,
      config("one", {
        admin: { port: 0, token: TOKEN },
        routes: [
          { match: { path: "/secret" }, respond: { body: "${file:secret.txt}" } },
          { respond: { body: "one" } },
        ],
      }),
      TOKEN,
    );
    const kept = { admin: { port: 0, token: TOKEN } };
    expect(await api("GET", "/config")).toMatchObject({
      status: 200,
      body: { generation: 1, sources: ["fairlead.json"], config: { admin: { token: "***" } } },
    });
    expect(await api("POST", "/config/check", config("two", kept))).toMatchObject({ status: 200 });
    expect(await ask()).toBe("one");
    const bad = await api("PUT", "/config", { routes: [{ respond: { status: 99 } }, { upstream: "none" }] });
    expect(bad.status).toBe(422);
    expect(JSON.stringify(bad.body)).toContain("routes[1].upstream");
    const foreign = await api("PUT", "/config", config("${env:PATH} ${file:/etc/passwd}", kept));
    expect(foreign.status).toBe(422);
    const masked = await api("PUT", "/config", config("two", { admin: { port: 0, token: "***" } }));
    expect(masked.status).toBe(422);
    expect(await ask()).toBe("one");
    expect(await api("GET", "/api/state")).toMatchObject({
      body: { config: { generation: 1, lastError: {} } },
    });
    expect(await api("POST", "/config", config("two", kept))).toEqual({
      status: 200,
      body: { generation: 2 },
    });
    expect(await ask()).toBe("two");
    const { body } = await api("GET", "/config");
    expect(body).toMatchObject({ generation: 2, sources: ["admin API"] });
    expect(body).not.toHaveProperty("lastError");
    // What the first config refers to, another may refer to.
    await api("PUT", "/config", config("${file:secret.txt}", kept));
    expect(await ask()).toBe("canary-of-a-file");
  });

  test("lists connections in pages, and closes a WebSocket with a Close frame", async () => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    ends.push(() => server.close());
    const { port: at } = server.address() as { port: number };
    const { api, port } = await serve(runtime, {
      upstreams: { main: `http://127.0.0.1:${at}` },
      routes: [{ name: "sockets", upstream: "main" }],
      admin: { port: 0 },
    });
    const idle = await Promise.all([1, 2].map(() => RawClient.connect(port)));
    ends.push(() => idle.forEach((client) => client.close()));
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
    await once(socket, "open");
    const all = (await api("GET", "/api/connections")).body as {
      total: number;
      connections: { id: string }[];
    };
    expect(all.total).toBe(3);
    const page = (await api("GET", "/api/connections?limit=2")).body as {
      next: string;
      connections: unknown[];
    };
    expect(page.connections).toHaveLength(2);
    expect(await api("GET", `/api/connections?limit=2&after=${page.next}`)).toMatchObject({
      body: { total: 3, connections: [{ id: all.connections[2]?.id }] },
    });
    const tunnels = (await api("GET", "/api/connections?tunnels=true")).body as {
      total: number;
      connections: { id: string }[];
    };
    expect(tunnels).toMatchObject({
      total: 1,
      connections: [{ state: "tunnel", protocol: "websocket", request: { method: "GET", route: "sockets" } }],
    });
    expect(await api("GET", "/api/state")).toMatchObject({ body: { connections: { open: 3, tunnels: 1 } } });
    const closed = once(socket, "close") as Promise<[code: number]>;
    expect(await api("DELETE", `/api/connections/${tunnels.connections[0]?.id}`)).toMatchObject({
      status: 200,
    });
    expect((await closed)[0]).toBe(1001);
    expect(await api("DELETE", "/api/connections/999")).toMatchObject({ status: 404 });
    const first = all.connections[0]?.id ?? "";
    expect(await api("DELETE", `/api/connections/${first}`)).toMatchObject({ status: 200 });
    await expect(Promise.race(idle.map((client) => client.wire.ended(5_000)))).resolves.toBeDefined();
  });

  test("does what docs/admin.md says, command by command", async () => {
    const page = readSource("docs/admin.md");
    const [first = ""] = /(?<=```json\n)[^`]*/.exec(page) ?? [];
    const [shop, other] = [await origin("a"), await origin("b")];
    const [port, admin] = [await freePort(), await freePort()];
    const placed = (text: string): string =>
      text
        .replaceAll("http://127.0.0.1:3001", shop.url)
        .replaceAll("http://127.0.0.1:3002", other.url)
        .replaceAll("8080", String(port))
        .replaceAll("9090", String(admin));
    const directory = new CommandDirectory(runtime);
    ends.push(() => directory.end());
    directory.write("fairlead.json", placed(first));
    await directory.serve();
    const commands = Array.from(page.matchAll(/```sh\n([^`]*)```/g), ([, block = ""]) => block)
      .flatMap((block) => block.split(/\n(?=curl )/))
      .map((command) => placed(command.trim()));
    expect(commands.length).toBeGreaterThan(12);
    for (const command of commands) {
      const { stdout } = await execute(
        "sh",
        ["-c", command.replace(/^curl /, "curl -sS --fail-with-body ")],
        {
          cwd: directory.path,
        },
      );
      expect(JSON.parse(stdout)).toBeTypeOf("object");
    }
  });

  test("attacked with a token in place: nothing gets in, nothing leaks", async () => {
    const { admin, api, child } = await serve(
      runtime,
      {
        upstreams: { main: "http://127.0.0.1:1" },
        routes: [
          { match: { path: "/secret" }, respond: { body: "${file:secret.txt}" } },
          { upstream: "main", requestHeaders: { set: { "x-api-key": "canary-in-the-config" } } },
        ],
        admin: { port: 0, token: TOKEN },
      },
      TOKEN,
    );
    const at: AttackTarget = { prefix: "", host: `127.0.0.1:${admin}`, token: TOKEN };
    await repelled(admin, withoutToken(at));
    await repelled(admin, pathTricks(at));
    await repelled(admin, fromOtherSites(at));
    await repelled(admin, rebinding(at));
    await repelled(admin, oversized(at));
    expect(await api("GET", "/api/state")).toMatchObject({
      body: { config: { generation: 1 }, upstreams: [{ endpoints: [{ drained: false }] }] },
    });
    expect(linesOf(child.stderr, "audit").filter(({ result }) => result === "done")).toEqual([]);
    expect(child.stderr).not.toContain("canary");
  });

  test("attacked without a token, on loopback: pages, rebound names and proxies get nothing", async () => {
    const { admin, api } = await serve(runtime, {
      upstreams: { main: "http://127.0.0.1:1" },
      routes: [{ upstream: "main", requestHeaders: { set: { "x-api-key": "canary-in-the-config" } } }],
      admin: { port: 0 },
    });
    const at: AttackTarget = { prefix: "", host: `127.0.0.1:${admin}`, token: undefined };
    await repelled(admin, fromOtherSites(at));
    await repelled(admin, rebinding(at));
    await repelled(admin, oversized(at));
    const forwarded = [
      "X-Forwarded-For: 192.0.2.1",
      "Forwarded: for=192.0.2.1",
      "Via: 1.1 front",
      "X-Real-IP: 192.0.2.1",
    ];
    await repelled(
      admin,
      forwarded.map((field) => ({
        what: field,
        method: "GET",
        text: requestText("/api/state", { host: at.host, fields: [field] }),
        statuses: [403],
      })),
    );
    expect(await api("GET", "/api/state")).toMatchObject({
      status: 200,
      body: { config: { generation: 1 } },
    });
  });

  test("is refused at the start where others could reach it without a token", async () => {
    const directory = new CommandDirectory(runtime);
    ends.push(() => directory.end());
    directory.write("fairlead.json", {
      listen: LISTEN,
      routes: [{ respond: { body: "" } }],
      admin: { port: 0, host: "0.0.0.0" },
    });
    for (const command of ["check", "start"]) {
      const child = directory.run(command);
      expect(await child.ended(20_000)).toMatchObject({ code: 2 });
      expect(child.stdout + child.stderr).toContain("admin.host: needs `token`");
    }
  });
});
