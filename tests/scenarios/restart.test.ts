/** Processes that take over from each other under load, and those that don't get that far. */
import { once } from "node:events";
import { type ServerResponse, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ConfigInput } from "../../src/config/types.ts";
import { COMMAND_RUNTIMES, type CommandRuntime } from "../support/command.ts";
import { RawClient } from "../support/raw-client.ts";
import { restartUnderLoad } from "../support/restart-load.ts";
import { RestartedCommand } from "../support/restarted-command.ts";
import { requestText } from "../support/suite.ts";

describe.each(COMMAND_RUNTIMES)("restart under load on %s", (runtime) => {
  test("fails no request, and WebSockets end with a Close frame", async () => {
    const upgrades = 3;
    const figures = await restartUnderLoad({ runtime, upgrades, requestsBetween: 500 });
    expect(figures.failed).toEqual([]);
    expect(figures.upgrades).toEqual([0, 0, 0]);
    expect(figures.byVersion.length).toBe(upgrades + 1);
    for (const answered of figures.byVersion) expect(answered).toBeGreaterThan(50);
    // Each request was answered by some version, apart from those that the end of the run left.
    expect(figures.requests - figures.byVersion.reduce((a, b) => a + b)).toBe(0);
    expect(new Set(figures.closeCodes)).toEqual(new Set([1001]));
    expect(figures.messages).toBeGreaterThan(0);
    expect(figures.printed).not.toMatch(/cut off/);
    expect(figures.exitCode).toBe(0);
  }, 120_000);
});

const PAGE: ConfigInput = {
  listen: { port: 0, host: "127.0.0.1" },
  admin: { port: 0 },
  routes: [{ respond: { body: "one" } }],
};

describe.each(COMMAND_RUNTIMES)("a new process on %s", (runtime: CommandRuntime) => {
  let command: RestartedCommand;
  beforeEach(() => {
    command = new RestartedCommand(runtime);
  });
  afterEach(async () => {
    await command.end();
  });

  const served = async (): Promise<string> => {
    const client = await RawClient.connect(command.port);
    await client.send(requestText("/"));
    const { text } = await client.response();
    client.close();
    return text;
  };

  test("serves the new config on all listeners, those that are new too, and the old one leaves them", async () => {
    command.write("fairlead.json", {
      ...PAGE,
      listen: { ...PAGE.listen, also: [{ port: 0, host: "127.0.0.1" }] },
    });
    await command.start();
    const state = async (): Promise<readonly string[]> => {
      const response = await fetch(`http://127.0.0.1:${command.admin}/api/state`);
      const { listeners } = (await response.json()) as { listeners: readonly { readonly address: string }[] };
      return listeners.map(({ address }) => address);
    };
    const before = await state();
    expect(before.length).toBe(3);
    command.write("fairlead.json", {
      ...PAGE,
      listen: {
        ...PAGE.listen,
        also: [
          { port: 0, host: "127.0.0.1" },
          { port: 0, host: "127.0.0.1" },
        ],
      },
      routes: [{ respond: { body: "two" } }],
    });
    expect(await command.upgrade()).toMatchObject({ status: 200 });
    await command.othersGone();
    expect(await served()).toBe("two");
    const after = await state();
    expect(after.length).toBe(4);
    expect(after).toEqual(expect.arrayContaining([...before]));
  }, 60_000);

  test("closes a listener that its config does not have", async () => {
    command.write("fairlead.json", {
      ...PAGE,
      listen: { ...PAGE.listen, also: [{ port: 0, host: "127.0.0.1" }] },
    });
    await command.start();
    const response = await fetch(`http://127.0.0.1:${command.admin}/api/state`);
    const { listeners } = (await response.json()) as { listeners: readonly { readonly address: string }[] };
    const port = Number(listeners[1]?.address.split(":").at(-1));
    (await RawClient.connect(port)).close();
    command.write("fairlead.json", PAGE);
    expect(await command.upgrade()).toMatchObject({ status: 200 });
    await command.othersGone();
    await expect(RawClient.connect(port)).rejects.toThrow(/ECONNREFUSED/);
    expect(await served()).toBe("one");
  }, 60_000);

  test("puts its Unix socket in the place of the old one's, and no client is refused", async () => {
    const socketPath = join(command.directory.path, "own.sock");
    const on = (body: string): ConfigInput => ({
      ...PAGE,
      listen: { ...PAGE.listen, also: [{ socket: socketPath }] },
      routes: [{ respond: { body } }],
    });
    const asked = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const sent = request({ socketPath, path: "/", agent: false }, (response) => {
          response.setEncoding("utf8").once("data", resolve);
        });
        sent.on("error", reject).end();
      });
    command.write("fairlead.json", on("one"));
    await command.start();
    const over = new AbortController();
    const answers: string[] = [];
    const asking = Array.from({ length: 4 }, async () => {
      while (!over.signal.aborted) answers.push(await asked());
    });
    command.write("fairlead.json", on("two"));
    expect(await command.upgrade()).toMatchObject({ status: 200 });
    await command.othersGone();
    expect(await asked()).toBe("two");
    over.abort();
    await Promise.all(asking);
    expect(new Set(answers)).toEqual(new Set(["one", "two"]));
  }, 60_000);

  test("goes on with the dashboard's event stream at once, which the old one ends whole", async () => {
    const held = Promise.withResolvers<ServerResponse>();
    const origin = createServer((_, response) => held.resolve(response)).listen(0, "127.0.0.1");
    await once(origin, "listening");
    const { port } = origin.address() as AddressInfo;
    command.write("fairlead.json", {
      ...PAGE,
      upstreams: { app: `http://127.0.0.1:${port}` },
      routes: [{ upstream: "app" }],
    });
    await command.start();
    // The old process stays as long as this is in flight.
    const inFlight = fetch(`http://127.0.0.1:${command.port}/`);
    const unanswered = await held.promise;
    const events = async (): Promise<ReadableStreamDefaultReader<Uint8Array>> => {
      const { body } = await fetch(`http://127.0.0.1:${command.admin}/events`);
      if (body === null) throw new Error("no event stream");
      return body.getReader();
    };
    const first = async (reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> =>
      new TextDecoder().decode((await reader.read()).value).slice(0, 11);
    const before = await events();
    expect(await first(before)).toBe("event: full");
    // Rejects where the connection is cut.
    const continued = (async () => {
      while (!(await before.read()).done);
      const after = await events();
      const begun = await first(after);
      await after.cancel();
      return begun;
    })();
    expect(await command.upgrade()).toMatchObject({ status: 200 });
    expect(await continued).toBe("event: full");
    unanswered.end("whole");
    expect(await (await inFlight).text()).toBe("whole");
    await command.othersGone();
    origin.close();
  }, 60_000);

  test("whose config is wrong leaves the old one as it was, which says why", async () => {
    command.write("fairlead.json", PAGE);
    await command.start();
    command.write("fairlead.json", '{ "routes": [{ "respnd": {} }] }');
    const { code, printed: message } = await command.upgradeByCommand();
    expect(code).toBe(1);
    expect(message).toMatch(/the new process did not start: .*respnd.*did you mean "respond"/);
    expect(command.printed).toMatch(/upgrade: the new process did not start: .*; this process goes on/);
    expect(await served()).toBe("one");
    command.write("fairlead.json", { ...PAGE, routes: [{ respond: { body: "two" } }] });
    expect(await command.upgrade()).toMatchObject({ status: 200 });
    expect(await served()).toBe("two");
  }, 60_000);

  test("that does not get ready in time is ended, and one upgrade at a time is tried", async () => {
    command.write("site.ts", `export default ${JSON.stringify(PAGE)};`);
    await command.start("--config", "site.ts");
    command.write(
      "site.ts",
      "process.stderr.write(`hangs as ${process.pid}\\n`); await new Promise((r) => setTimeout(r, 60_000));",
    );
    const first = command.upgrade(3);
    await expect.poll(() => command.printed, { timeout: 20_000 }).toMatch(/starting a new process/);
    expect(await command.upgrade()).toEqual({ status: 502, message: "another upgrade is under way" });
    expect(await first).toEqual({ status: 502, message: "the new process was not ready within 3 s" });
    expect(await served()).toBe("one");
  }, 60_000);

  test("that ends before it is ready is told by its exit code", async () => {
    command.write("site.ts", `export default ${JSON.stringify(PAGE)};`);
    await command.start("--config", "site.ts");
    command.write("site.ts", "process.exit(7);");
    const { status, message } = await command.upgrade();
    expect({ status, message }).toEqual({
      status: 502,
      message: "the new process ended with exit code 7 before it was ready",
    });
    expect(await served()).toBe("one");
  }, 60_000);
});
