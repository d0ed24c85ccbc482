/** Log files that are no regular files, or can't be put aside: the log says so, and the proxy goes on. */
import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ConfigInput } from "../../src/config/types.ts";
import { COMMAND_RUNTIMES, CommandDirectory } from "../support/command.ts";
import { waitingIn } from "../support/pipe.ts";

const own = (log: ConfigInput["log"] = {}): ConfigInput => ({
  listen: { port: 0, host: "127.0.0.1" },
  routes: [{ respond: { body: "own" } }],
  log,
});
const INTO_PIPE = own({ access: { requests: "all", format: "combined", output: "pipe" } });
const REFUSED = /log\.access\.output: the log file can't be opened: it is a pipe that nobody reads/;

describe.each(COMMAND_RUNTIMES)("log file on %s", (runtime) => {
  let directory = new CommandDirectory(runtime);
  beforeEach(() => {
    directory = new CommandDirectory(runtime);
  });
  afterEach(() => directory.end());

  const makePipe = (): string => {
    const path = join(directory.path, "pipe");
    execFileSync("mkfifo", [path]);
    return path;
  };
  const ask = async (port: number, target: string): Promise<string> =>
    (await fetch(`http://127.0.0.1:${port}${target}`)).text();

  test("that is a pipe nobody reads is refused at the start", async () => {
    makePipe();
    directory.write("fairlead.json", INTO_PIPE);
    const child = directory.run("start");
    expect((await child.ended(20_000)).code).not.toBe(0);
    expect(child.stderr).toMatch(REFUSED);
  });

  test("that is a pipe is refused by a reload until somebody reads it, and gets its lines then", async () => {
    const path = makePipe();
    directory.write("fairlead.json", own());
    const { child, port } = await directory.serve();
    directory.write("fairlead.json", INTO_PIPE);
    child.signal("SIGHUP");
    await child.printed(/^the config before goes on/m, 15_000);
    expect(child.stderr).toMatch(REFUSED);
    expect(await ask(port, "/before")).toBe("own");
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      child.signal("SIGHUP");
      await child.printed(/^reloaded/m, 15_000);
      for (let i = 0; i < 3; i += 1) expect(await ask(port, `/after/${i}`)).toBe("own");
      let read = "";
      await expect.poll(() => (read += waitingIn(reader)), { timeout: 5_000 }).toContain("/after/2");
      expect(read.match(/GET \/after\/\d/g)).toEqual(["GET /after/0", "GET /after/1", "GET /after/2"]);
    } finally {
      closeSync(reader);
    }
  });

  test("that can't be put aside keeps growing, with one warning", async () => {
    mkdirSync(join(directory.path, "a.log.1"));
    directory.write(
      "fairlead.json",
      own({ access: { requests: "all", output: "a.log" }, rotate: { size: "1KiB", keep: 1 } }),
    );
    const { child, port } = await directory.serve();
    const lines = (): number => readFileSync(join(directory.path, "a.log"), "utf8").split("\n").length - 1;
    for (let sent = 1; sent <= 12; sent += 1) {
      await ask(port, "/");
      // A batch for each.
      await expect.poll(lines, { interval: 20 }).toBe(sent);
    }
    await child.printed(
      /"message":"the log file a\.log is full but could not be put aside, so it keeps growing: EISDIR"/,
    );
    expect(child.stderr.match(/could not be put aside/g)).toHaveLength(1);
    expect(child.stderr).not.toContain("lost");
  });
});
