/** A process that may open few files has fewer clients, and goes on when they have left. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { Child } from "../support/child.ts";
import { RawClient, type RawResponse } from "../support/raw-client.ts";
import { RUNTIMES } from "../support/runtimes.ts";
import { ROOT } from "../support/sources.ts";
import { requestText } from "../support/suite.ts";

const FILES = 300;
/** (300 - 64) / 2, as the warning says. */
const ROOM = 118;
const CLIENTS = 400;

const binary = (name: string): string => join(ROOT, "node_modules/.bin", name);
const COMMANDS: Readonly<Record<string, string>> = {
  node: binary("node"),
  deno: `${binary("deno")} run --allow-all --quiet`,
  bun: binary("bun"),
};

describe.each(RUNTIMES.filter((name) => name in COMMANDS))("few open files on %s", (runtime) => {
  const ends: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });

  const started = async (limits: object): Promise<{ child: Child; port: number }> => {
    const directory = mkdtempSync(join(tmpdir(), "fairlead-files-"));
    ends.push(() => rmSync(directory, { recursive: true, force: true }));
    const config = { listen: { port: 0, host: "127.0.0.1", limits }, routes: [{ respond: { body: "ok" } }] };
    writeFileSync(join(directory, "fairlead.json"), JSON.stringify(config));
    const start = `ulimit -n ${FILES}; exec ${COMMANDS[runtime]} ${join(ROOT, "bin/fairlead.ts")} start`;
    const child = new Child("fairlead", "sh", ["-c", start], {}, directory);
    ends.push(() => child.stop());
    const [, port] = await child.printed(/http:\/\/127\.0\.0\.1:(\d+)/, 20_000);
    return { child, port: Number(port) };
  };

  const get = async (port: number): Promise<RawResponse> => {
    const client = await RawClient.connect(port);
    try {
      await client.send(requestText("/"));
      return await client.response();
    } finally {
      client.close();
    }
  };

  /** CPU time of `pid` in clock ticks, 100 a second. */
  const ticks = (pid: number): number => {
    const [user = 0, system = 0] = readFileSync(`/proc/${pid}/stat`, "utf8").split(" ").slice(13).map(Number);
    return user + system;
  };

  test("clients that there are no files for are refused, with a line, and others are served afterwards", async () => {
    const { child, port } = await started({});
    await child.printed(
      new RegExp(`listen\\.limits\\.connections is 10000, but this process may have ${FILES} files open`),
    );
    const clients = Array.from({ length: CLIENTS }, (): Socket => connect({ port, host: "127.0.0.1" }));
    ends.push(() => clients.forEach((client) => client.destroy()));
    let refused = 0;
    for (const client of clients) client.on("error", () => {}).on("close", () => (refused += 1));
    await expect.poll(() => refused, { timeout: 10_000 }).toBe(CLIENTS - ROOM);
    expect(child.stderr).toContain(`there is room for ${ROOM} connections`);
    const before = ticks(child.pid);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(ticks(child.pid) - before).toBeLessThan(30);
    for (const client of clients) client.destroy();
    await expect.poll(() => get(port).then(({ text }) => text, String), { timeout: 10_000 }).toBe("ok");
  });

  test("a limit that there are enough files for is said nothing about", async () => {
    const { child, port } = await started({ connections: ROOM });
    expect((await get(port)).text).toBe("ok");
    expect(child.stderr).not.toContain("files open");
  });
});
