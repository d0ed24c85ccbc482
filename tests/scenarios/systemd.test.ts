/** What systemd does for a service, and hears of it: sockets that it opens, and messages about readiness. */
import { existsSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import type { ConfigInput } from "../../src/config/types.ts";
import { COMMAND_RUNTIMES, CommandDirectory } from "../support/command.ts";
import { freePort } from "../support/free-port.ts";
import { NotifyReceiver, canReceive } from "../support/notify-receiver.ts";
import { RawClient } from "../support/raw-client.ts";
import { RestartedCommand, gone } from "../support/restarted-command.ts";
import { requestText } from "../support/suite.ts";

const ACTIVATE = "/usr/bin/systemd-socket-activate";

const PAGE: ConfigInput = { log: { level: "warning" }, routes: [{ respond: { body: "served" } }] };

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const asked = async (port: number): Promise<string> => {
  const client = await RawClient.connect(port);
  await client.send(requestText("/"));
  const { text } = await client.response("GET", 30_000);
  client.close();
  return text;
};

describe.skipIf(!existsSync(ACTIVATE)).each(COMMAND_RUNTIMES)("sockets of systemd on %s", (runtime) => {
  const activated = (
    config: ConfigInput,
    { ports, names }: { readonly ports: readonly number[]; readonly names?: string },
  ): ReturnType<CommandDirectory["run"]> => {
    const directory = new CommandDirectory(runtime);
    ends.push(() => directory.end());
    directory.write("fairlead.json", config);
    const launcher = [ACTIVATE, ...ports.map((port) => `--listen=127.0.0.1:${port}`)];
    if (names !== undefined) launcher.push(`--fdname=${names}`);
    return directory.runBy([...launcher, "--setenv=PATH", "--setenv=HOME"]);
  };

  test("are taken by address: the listener, a further one and the admin listener; the client that came first is served", async () => {
    const [port, also, admin] = [await freePort(), await freePort(), await freePort()];
    const child = activated(
      {
        ...PAGE,
        listen: { port, host: "127.0.0.1", also: [{ port: also, host: "127.0.0.1" }] },
        admin: { port: admin },
      },
      { ports: [admin, port, also] },
    );
    await child.printed(/Listening on 127\.0\.0\.1/);
    // The program is started by this client.
    expect(await asked(port)).toBe("served");
    expect((await fetch(`http://127.0.0.1:${admin}/livez`)).status).toBe(200);
    expect(await asked(also)).toBe("served");
    child.signal("SIGTERM");
    expect(await child.ended(15_000)).toEqual({ code: 0, signal: null });
  }, 60_000);

  test("are taken by name, whatever the config says of addresses", async () => {
    const [port, admin] = [await freePort(), await freePort()];
    const child = activated(
      { ...PAGE, listen: { port: 1 }, admin: { port: 2 } },
      { ports: [admin, port], names: "admin:listen" },
    );
    await child.printed(/Listening on 127\.0\.0\.1/);
    expect(await asked(port)).toBe("served");
    expect((await fetch(`http://127.0.0.1:${admin}/livez`)).status).toBe(200);
  }, 60_000);

  test("that no listener has are a mistake, which names them", async () => {
    const [port, other] = [await freePort(), await freePort()];
    const child = activated({ ...PAGE, listen: { port, host: "127.0.0.1" } }, { ports: [port, other] });
    await child.printed(/Listening on 127\.0\.0\.1/);
    (await RawClient.connect(port)).close();
    expect(await child.ended(20_000)).toMatchObject({ code: 1 });
    expect(child.stderr).toMatch(
      new RegExp(`error: no listener of the config has the socket 127\\.0\\.0\\.1:${other}.* from systemd`),
    );
  }, 60_000);
});

describe.skipIf(!canReceive).each(COMMAND_RUNTIMES)("messages to systemd on %s", (runtime) => {
  test("tell of readiness, life, a reload, the process that took over, and a stop", async () => {
    const receiver = await NotifyReceiver.start();
    ends.push(() => receiver.stop());
    const command = new RestartedCommand(runtime, { NOTIFY_SOCKET: receiver.path, WATCHDOG_USEC: "400000" });
    ends.push(() => command.end());
    command.write("fairlead.json", { ...PAGE, listen: { port: 0, host: "127.0.0.1" }, admin: { port: 0 } });
    await command.start();
    const first = command.pid;
    expect(await receiver.message(/^READY=1$/)).toEqual([
      "READY=1",
      `MAINPID=${first}`,
      `STATUS=serving on http://127.0.0.1:${command.port}`,
    ]);
    await receiver.message(/^WATCHDOG=1$/);

    const beforeReload = receiver.messages.length;
    command.signal("SIGHUP");
    const [, time] =
      /^MONOTONIC_USEC=(\d+)$/.exec((await receiver.message(/^RELOADING=1$/, beforeReload))[1] ?? "") ?? [];
    // The clock of this process is the one that is meant.
    expect(Math.abs(Number(time) - Number(process.hrtime.bigint() / 1_000n))).toBeLessThan(30_000_000);
    await receiver.message(/^READY=1$/, beforeReload);

    expect(await command.upgrade()).toMatchObject({ status: 200 });
    expect(await receiver.message(new RegExp(`^MAINPID=${command.pid}$`))).toContain("READY=1");
    await gone(first);
    expect(receiver.messages.flat()).not.toContain("STOPPING=1");
    const beforeStop = receiver.messages.length;
    await receiver.message(/^WATCHDOG=1$/, beforeStop);

    command.signal("SIGTERM");
    await receiver.message(/^STOPPING=1$/, beforeStop);
    await gone(command.pid);
  }, 60_000);

  test("that can't be sent are told once, and the proxy serves", async () => {
    const command = new RestartedCommand(runtime, { NOTIFY_SOCKET: "/nonexistent/socket" });
    ends.push(() => command.end());
    command.write("fairlead.json", { ...PAGE, listen: { port: 0, host: "127.0.0.1" }, admin: { port: 0 } });
    await command.start();
    await expect
      .poll(() => command.printed, { timeout: 10_000 })
      .toMatch(/warning: the service manager can't be told/);
    expect(await asked(command.port)).toBe("served");
  }, 30_000);
});
