import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { once } from "node:events";
import { type Server, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ReleaseFile, bindUnixSocket } from "../../../../../runtimes/engine/server/unix-socket-file.ts";
import { ServeError } from "../../../../../runtimes/serving.ts";

let directory = "";
const servers: Server[] = [];
const at = (name: string): string => join(directory, name);

beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), "fl-"))));
afterEach(async () => {
  for (const server of servers.splice(0))
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  rmSync(directory, { recursive: true, force: true });
});

const bind = (path: string, mode = 0o640): Promise<ReleaseFile> => {
  const server = createServer((socket) => void socket.on("error", () => {}).end());
  servers.push(server);
  return bindUnixSocket({ path, mode }, async (draft) => {
    server.listen(draft);
    await once(server, "listening");
  });
};

describe("the file of a Unix socket", () => {
  it("has its permissions, nothing is left beside it, and it goes when it is released", async () => {
    const release = await bind(at("main"));
    expect((statSync(at("main")).mode & 0o777).toString(8)).toBe("640");
    expect(readdirSync(directory)).toEqual(["main"]);
    const client = connect(at("main"));
    await once(client, "connect");
    client.destroy();
    await release();
    expect(readdirSync(directory)).toEqual([]);
  });

  it("replaces the file of a dead server, and no other", async () => {
    const stale = createServer();
    stale.listen(at("draft"));
    await once(stale, "listening");
    renameSync(at("draft"), at("stale"));
    await new Promise<void>((resolve) => void stale.close(() => resolve()));
    expect(existsSync(at("stale"))).toBe(true);
    await bind(at("stale"));

    await expect(bind(at("stale"))).rejects.toThrow("another program listens on the socket");
    writeFileSync(at("file"), "text");
    symlinkSync(at("stale"), at("link"));
    mkdirSync(at("folder"));
    for (const name of ["file", "link", "folder"]) {
      await expect(bind(at(name))).rejects.toThrow(
        new ServeError(`${at(name)} is no socket; remove it or choose another path`),
      );
    }
    expect(readdirSync(directory).toSorted()).toEqual(["file", "folder", "link", "stale"]);
  });

  it("is not removed once it is another server's", async () => {
    const release = await bind(at("main"));
    rmSync(at("main"));
    await bind(at("main"));
    await release();
    expect(existsSync(at("main"))).toBe(true);
  });

  it("needs its directory", async () => {
    await expect(bind(at("none/main"))).rejects.toThrow("there is no such directory");
  });
});
