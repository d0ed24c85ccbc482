/** A command whose config changes while it serves: SIGHUP, `--watch`, certificates. */
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import type { ConfigInput } from "../../src/config/types.ts";
import { within } from "../support/bound.ts";
import { certificate } from "../support/certificate.ts";
import type { Child } from "../support/child.ts";
import { COMMAND_RUNTIMES, CommandDirectory, type CommandRuntime } from "../support/command.ts";
import { freePort } from "../support/free-port.ts";
import { RawClient } from "../support/raw-client.ts";
import { RawOrigin } from "../support/raw-origin.ts";
import { reloadUnderLoad } from "../support/reload-load.ts";
import { startProxy } from "../support/runtimes.ts";
import { requestText } from "../support/suite.ts";

const LISTEN = { port: 0, host: "127.0.0.1" };

/** One route that answers with `body`. */
const answering = (body: string, more: ConfigInput = {}): ConfigInput => ({
  listen: LISTEN,
  routes: [{ respond: { body } }],
  ...more,
});

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const directoryFor = (runtime: CommandRuntime): CommandDirectory => {
  const directory = new CommandDirectory(runtime);
  ends.push(() => directory.end());
  return directory;
};

const originFor = async (): Promise<RawOrigin> => {
  const origin = await RawOrigin.start();
  ends.push(() => origin.stop());
  return origin;
};

const clientOf = async (port: number): Promise<RawClient> => {
  const client = await RawClient.connect(port);
  ends.push(() => client.close());
  return client;
};

const get = async (client: RawClient, target: string = "/"): Promise<string> => {
  await client.send(requestText(target));
  return (await client.response()).text;
};

/** The text of a request on a connection of its own. */
const ask = async (port: number, target: string = "/"): Promise<string> => {
  const client = await RawClient.connect(port);
  try {
    return await get(client, target);
  } finally {
    client.close();
  }
};

/** Reloads, and waits until config number `generation` is in effect. */
const reload = async (child: Child, generation: number): Promise<void> => {
  child.signal("SIGHUP");
  await child.printed(new RegExp(`^reloaded: .*\\(config ${generation}\\)$`, "m"), 15_000);
};

/** Values of metrics by name, where there is one series. */
const metricsOf = async (admin: number): Promise<Readonly<Record<string, number>>> => {
  const response = await fetch(`http://127.0.0.1:${admin}/metrics`);
  const text = await response.text();
  return Object.fromEntries(
    Array.from(text.matchAll(/^(\w+) ([\d.e+-]+)$/gm), ([, name = "", value]) => [name, Number(value)]),
  );
};

describe.each(COMMAND_RUNTIMES)("a server in a program on %s", (runtime) => {
  test("changes its config by prepare and commit", async () => {
    const configOf = (body: string, maxSeries: number): ConfigInput =>
      answering(body, { admin: { port: 0 }, telemetry: { metrics: { maxSeries } } });
    const proxy = await startProxy(runtime, configOf("first", 100));
    ends.push(() => proxy.stop());
    const { child, port } = proxy;
    const client = await clientOf(port);
    expect(await get(client)).toBe("first");
    proxy.setConfig(configOf("second", 100));
    child.signal("SIGHUP");
    await child.printed(/\{"generation":2\}/);
    expect(await get(client)).toBe("second");
    proxy.setConfig(configOf("third", 200));
    child.signal("SIGHUP");
    await child.printed(
      /telemetry\.metrics\.maxSeries: can't change while the proxy runs: restart it for that/,
    );
    expect(await get(client)).toBe("second");
  });
});

describe.each(COMMAND_RUNTIMES)("a reload on %s", (runtime) => {
  test("with a bad config changes nothing, and says the same as check", async () => {
    const directory = directoryFor(runtime);
    directory.write("fairlead.json", answering("first", { admin: { port: 0 } }));
    const { child, port, admin } = await directory.serve();
    const client = await clientOf(port);
    expect(await get(client)).toBe("first");

    directory.write("fairlead.json", '{\n  "routez": [],\n  "upstreams": { "a": 1 }\n}\n');
    child.signal("SIGHUP");
    await child.printed(/^the config before goes on/m, 15_000);
    const check = directory.run("check");
    await check.ended(20_000);
    expect(check.stderr).toContain("fairlead.json:2:3: routez: unknown key");
    expect(child.stderr).toContain(check.stderr);
    expect(child.stderr).toMatch(/"event":"config".*"message":"the config was refused/);
    expect(await get(client)).toBe("first");
    expect(await metricsOf(admin)).toMatchObject({
      fairlead_config_generation: 1,
      fairlead_config_refused_total: 1,
      fairlead_config_reload_successful_ratio: 0,
    });

    directory.write("fairlead.json", answering("second", { admin: { port: 0 } }));
    await reload(child, 2);
    expect(await get(client)).toBe("second");
    expect(await metricsOf(admin)).toMatchObject({
      fairlead_config_generation: 2,
      fairlead_config_refused_total: 1,
      fairlead_config_reload_successful_ratio: 1,
    });
  });

  test("leaves requests and WebSockets in flight to the config that they began with", async () => {
    const [origin, other] = [await originFor(), await originFor()];
    const sockets = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    ends.push(() => {
      for (const each of sockets.clients) each.terminate();
      sockets.close();
    });
    await once(sockets, "listening");
    sockets.on("connection", (socket) =>
      socket.on("message", (data: Buffer) => socket.send(`echo ${data.toString()}`)),
    );
    const chat = `http://127.0.0.1:${(sockets.address() as { port: number }).port}`;
    const directory = directoryFor(runtime);
    directory.write("fairlead.json", {
      listen: LISTEN,
      upstreams: { main: origin.url, chat },
      routes: [{ match: { path: "/chat" }, upstream: "chat" }, { upstream: "main" }],
    });
    const { child, port } = await directory.serve();
    const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`);
    ends.push(() => socket.terminate());
    await within(once(socket, "open"), "the WebSocket to open");
    let finish: (() => void) | undefined;
    origin.script(async (exchange) => {
      await new Promise<void>((resolve) => (finish = resolve));
      await exchange.respond(200, {}, "slow");
    });
    const slow = await clientOf(port);
    await slow.send(requestText("/slow"));
    await origin.request(0);

    directory.write("fairlead.json", {
      listen: LISTEN,
      upstreams: { main: other.url },
      routes: [{ upstream: "main" }],
    });
    await reload(child, 2);
    other.script((exchange) => exchange.respond(200, {}, "other"));
    expect(await ask(port)).toBe("other");
    socket.send("one");
    const [data] = (await within(once(socket, "message"), "a message")) as [Buffer];
    expect(data.toString()).toBe("echo one");
    finish?.();
    expect((await slow.response()).text).toBe("slow");
    // The same connection goes on, with the new config.
    expect(await get(slow, "/next")).toBe("other");
    socket.send("two");
    await within(once(socket, "message"), "another message");
  });

  test("lets endpoints go that are no longer there: no request, no idle connection, no state", async () => {
    const [stays, leaves] = [await originFor(), await originFor()];
    const configOf = (endpoints: readonly string[]): ConfigInput => ({
      listen: LISTEN,
      admin: { port: 0 },
      upstreams: { main: { endpoints, balance: "round-robin" } },
      routes: [{ upstream: "main" }],
    });
    const directory = directoryFor(runtime);
    directory.write("fairlead.json", configOf([stays.url, leaves.url]));
    const { child, port, admin } = await directory.serve();
    const client = await clientOf(port);
    for (let i = 0; i < 4; i += 1) await get(client);
    const idle = leaves.exchanges.at(-1)?.wire;
    expect(idle).toBeDefined();
    let finish: (() => void) | undefined;
    const hold = new Promise<void>((resolve) => (finish = resolve));
    for (const origin of [stays, leaves]) {
      origin.script(async (exchange) => {
        if (exchange.head.target === "/slow") await hold;
        await exchange.respond(200, {}, "done");
      });
    }
    const before = leaves.exchanges.length;
    const slow = [await clientOf(port), await clientOf(port)];
    for (const each of slow) await each.send(requestText("/slow"));
    await leaves.request(before);

    directory.write("fairlead.json", configOf([stays.url]));
    await reload(child, 2);
    const after = leaves.exchanges.length;
    for (let i = 0; i < 6; i += 1) expect(await get(client)).toBe("done");
    expect(leaves.exchanges.length).toBe(after);
    finish?.();
    for (const each of slow) expect((await each.response()).text).toBe("done");
    for (const { wire } of leaves.exchanges) await within(wire.ended(), "its connections to be closed");
    const metrics = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
    const { port: left } = new URL(leaves.url);
    expect(metrics).toContain("fairlead_endpoint_available");
    expect(metrics).not.toMatch(new RegExp(`fairlead_endpoint_available\\{[^}]*server_port="${left}"`));
  });

  test("opens new ports and closes those that are gone, and keeps the others open", async () => {
    const [kept, gone, added] = [await freePort(), await freePort(), await freePort()];
    const configOf = (body: string, other: number): ConfigInput =>
      answering(body, { listen: { ...LISTEN, port: kept, also: [{ ...LISTEN, port: other }] } });
    const directory = directoryFor(runtime);
    directory.write("fairlead.json", configOf("first", gone));
    const { child } = await directory.serve();
    const [client, leaving] = [await clientOf(kept), await clientOf(gone)];
    expect([await get(client), await get(leaving)]).toEqual(["first", "first"]);

    directory.write("fairlead.json", configOf("second", added));
    await reload(child, 2);
    expect(await get(client)).toBe("second");
    expect(await ask(added)).toBe("second");
    expect(await leaving.closed()).toBe("fin");
    await expect(RawClient.connect(gone)).rejects.toThrow(/ECONNREFUSED/);
  });

  test("to a port that is taken changes nothing", async () => {
    const origin = await originFor();
    const directory = directoryFor(runtime);
    directory.write("fairlead.json", answering("first"));
    const { child, port } = await directory.serve();
    const taken = Number(new URL(origin.url).port);
    directory.write(
      "fairlead.json",
      answering("second", { listen: { ...LISTEN, also: [{ ...LISTEN, port: taken }] } }),
    );
    child.signal("SIGHUP");
    await child.printed(/^the config before goes on/m, 15_000);
    expect(child.stderr).toContain(`port ${taken} on 127.0.0.1 is taken by another program`);
    expect(await ask(port)).toBe("first");
  });

  test("changes certificates, and a port from http to https", async () => {
    const port = await freePort();
    const tls = { cert: "${file:site.pem}", key: "${file:site.key}" };
    const directory = directoryFor(runtime);
    const issue = (name: string): void => {
      const { cert, key } = certificate({ name, hosts: ["localhost"] });
      directory.write("site.pem", cert);
      directory.write("site.key", key);
    };
    const subject = async (): Promise<string | undefined> => {
      const socket = connectTls({
        port,
        host: "127.0.0.1",
        rejectUnauthorized: false,
        servername: "localhost",
      });
      await within(once(socket, "secureConnect"), "a handshake");
      const { CN } = socket.getPeerCertificate().subject;
      socket.destroy();
      return String(CN);
    };
    directory.write("fairlead.json", answering("plain", { listen: { ...LISTEN, port } }));
    const { child } = await directory.serve();
    const plain = await clientOf(port);
    expect(await get(plain)).toBe("plain");

    issue("one");
    directory.write("fairlead.json", answering("secure", { listen: { ...LISTEN, port, tls } }));
    await reload(child, 2);
    expect(await subject()).toBe("one");
    expect(await plain.closed()).toBe("fin");
    issue("two");
    await expect.poll(subject, { timeout: 15_000 }).toBe("two");
    expect(child.stderr).toMatch(/\(config 3\)/);
  });

  test("reads a module anew with all that it imports, and asks for a restart where a package has changed", async () => {
    const directory = directoryFor(runtime);
    directory.write("package.json", '{ "type": "module" }');
    directory.write(
      "node_modules/parts/package.json",
      '{ "name": "parts", "type": "module", "exports": "./i.js" }',
    );
    directory.write("node_modules/parts/i.js", 'export const part = "package";');
    const write = (version: number): void => {
      directory.write("lib/deep.ts", `export const deep: string = "deep${version}";`);
      directory.write("lib/old.cjs", `module.exports = { old: "old${version}" };`);
      directory.write("lib/data.json", `{ "data": "data${version}" }`);
      directory.write(
        "fairlead.ts",
        `import { part } from "parts";
import { deep } from "./lib/deep.ts";
import cjs from "./lib/old.cjs";
import json from "./lib/data.json" with { type: "json" };
export default { listen: { port: 0, host: "127.0.0.1" },
  routes: [{ respond: { body: [part, "own${version}", deep, cjs.old, json.data].join(" ") } }] };`,
      );
    };
    write(1);
    const { child, port } = await directory.serve();
    expect(await ask(port)).toBe("package own1 deep1 old1 data1");
    for (const version of [2, 3]) {
      write(version);
      await reload(child, version);
      expect(await ask(port)).toBe(`package own${version} deep${version} old${version} data${version}`);
    }
    directory.write("lib/deep.ts", "export const deep: string = ;");
    child.signal("SIGHUP");
    await child.printed(/^the config before goes on/m, 15_000);
    expect(child.stderr).toContain("the module can't be loaded");
    expect(child.stderr).not.toContain("fairlead=");

    write(4);
    directory.write("node_modules/parts/i.js", 'export const part = "another";');
    child.signal("SIGHUP");
    await child.printed(/parts\/i\.js has changed since it was imported.*restart the proxy/, 15_000);
    expect(await ask(port)).toBe("package own3 deep3 old3 data3");
  });

  test("several at once run one after the other, and the last config counts", async () => {
    const directory = directoryFor(runtime);
    directory.write("fairlead.json", answering("0"));
    const { child, port } = await directory.serve();
    for (let i = 1; i <= 10; i += 1) {
      directory.write("fairlead.json", i % 3 === 0 ? "{" : answering(String(i)));
      child.signal("SIGHUP");
    }
    await expect.poll(() => ask(port), { timeout: 15_000 }).toBe("10");
    const generations = Array.from(child.stderr.matchAll(/^reloaded: .*\(config (\d+)\)$/gm), ([, n]) =>
      Number(n),
    );
    expect(generations).toEqual(generations.map((_, index) => index + 2));
    expect(child.exit).toBeUndefined();
  });

  test("comes by itself with --watch, for the config and every file that it names", async () => {
    const directory = directoryFor(runtime);
    directory.write("body.txt", "first");
    directory.write("fairlead.json", answering("${file:body.txt}"));
    const { child, port } = await directory.serve("--watch");
    expect(await ask(port)).toBe("first");
    directory.write("body.txt", "second");
    await child.printed(/\(config 2\)/, 15_000);
    expect(await ask(port)).toBe("second");
    directory.write("other.txt", "third");
    directory.write("fairlead.json", answering("${file:other.txt}"));
    await child.printed(/\(config 3\)/, 15_000);
    directory.write("other.txt", "fourth");
    await child.printed(/\(config 4\)/, 15_000);
    expect(await ask(port)).toBe("fourth");
  });

  test("keeps what is known of endpoints that stay: checks, breaker, and no check more", async () => {
    const [good, bad] = [await originFor(), await originFor()];
    bad.script((exchange) => exchange.respond(503));
    const configOf = (body: string): ConfigInput => ({
      listen: LISTEN,
      upstreams: {
        main: { endpoints: [good.url, bad.url], health: { path: "/check", interval: "60s", failures: 1 } },
      },
      routes: [{ match: { path: "/fixed" }, respond: { body } }, { upstream: "main" }],
    });
    const directory = directoryFor(runtime);
    directory.write("fairlead.json", configOf("1"));
    const { child, port } = await directory.serve();
    await good.request(0);
    await bad.request(0);
    const checks = (): number => good.exchanges.filter(({ head }) => head.target === "/check").length;
    const before = checks();
    for (let generation = 2; generation <= 6; generation += 1) {
      directory.write("fairlead.json", configOf(String(generation)));
      await reload(child, generation);
      const badBefore = bad.exchanges.filter(({ head }) => head.target === "/").length;
      for (let i = 0; i < 6; i += 1) await ask(port);
      expect(bad.exchanges.filter(({ head }) => head.target === "/").length).toBe(badBefore);
    }
    expect(checks()).toBe(before);
  });

  test("keeps the endpoints that were discovered last while their source fails", async () => {
    const origin = await originFor();
    const directory = directoryFor(runtime);
    const file = join(directory.path, "endpoints.json");
    directory.write("endpoints.json", JSON.stringify([origin.url]));
    const configOf = (body: string): ConfigInput => ({
      listen: LISTEN,
      upstreams: { main: { discovery: { file } } },
      routes: [{ match: { path: "/fixed" }, respond: { body } }, { upstream: "main" }],
    });
    directory.write("fairlead.json", configOf("1"));
    const { child, port } = await directory.serve();
    await expect.poll(() => ask(port), { timeout: 8_000 }).toBe("origin");
    rmSync(file);
    await child.printed(/endpoints stay as they were/, 15_000);
    for (const generation of [2, 3]) {
      directory.write("fairlead.json", configOf(String(generation)));
      await reload(child, generation);
      expect(await ask(port)).toBe("origin");
    }
  });

  test("by the admin API lasts over new certificates, until the file is read again", async () => {
    const directory = directoryFor(runtime);
    const issue = (name: string): void => {
      const { cert, key } = certificate({ name, hosts: ["localhost"] });
      directory.write("site.pem", cert);
      directory.write("site.key", key);
    };
    issue("one");
    const secure = { ...LISTEN, tls: { cert: "${file:site.pem}", key: "${file:site.key}" } };
    const configOf = (body: string): ConfigInput =>
      answering(body, { listen: { ...LISTEN, also: [secure] }, admin: { port: 0 } });
    directory.write("fairlead.json", configOf("file"));
    const { child, port, admin } = await directory.serve();
    expect(await ask(port)).toBe("file");
    const response = await fetch(`http://127.0.0.1:${admin}/config`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(configOf("admin")),
    });
    expect(response.status).toBe(200);
    expect(await ask(port)).toBe("admin");
    issue("two");
    await child.printed(/\(config 3\)/, 15_000);
    expect(await ask(port)).toBe("admin");
    await reload(child, 4);
    expect(await ask(port)).toBe("file");
  });

  test("moves the log to another file", async () => {
    const directory = directoryFor(runtime);
    const configOf = (output: string): ConfigInput =>
      answering("x", { log: { access: { requests: "all", output: join(directory.path, output) } } });
    const lines = (name: string): string[] => {
      try {
        return readFileSync(join(directory.path, name), "utf8").split("\n").filter(Boolean);
      } catch {
        return [];
      }
    };
    directory.write("fairlead.json", configOf("one.log"));
    const { child, port } = await directory.serve();
    await ask(port, "/one");
    directory.write("fairlead.json", configOf("two.log"));
    await reload(child, 2);
    await ask(port, "/two");
    await expect.poll(() => lines("two.log").length, { timeout: 8_000 }).toBe(1);
    expect(lines("one.log")).toEqual([expect.stringContaining("/one")]);
    expect(lines("two.log")).toEqual([expect.stringContaining("/two")]);
  });

  test("many times under load fails no request and closes no WebSocket", { timeout: 180_000 }, async () => {
    const figures = await reloadUnderLoad({
      runtime,
      requests: 20_000,
      reloads: 50,
      calmRequests: 2_000,
      boundMs: 60_000,
    });
    expect(figures.failed).toEqual([]);
    expect({ ...figures, stale: figures.stale, closed: figures.closedSockets }).toMatchObject({
      stale: 0,
      reopened: 0,
      closedSockets: 0,
    });
    expect(figures.reloads).toBeGreaterThan(5);
    expect(figures.messages).toBeGreaterThan(0);
  });
});
