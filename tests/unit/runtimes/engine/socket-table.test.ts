import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  ownListeningSockets,
  tcpListeners,
  unixListeners,
} from "../../../../runtimes/engine/inheritance/socket-table.ts";

const HEAD =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
const row = (local: string, state: string, inode: number): string =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000000000000000 100 0 0 10 0`;

describe("table of sockets", () => {
  test.each([
    ["0100007F:1F90", "LE", { host: "127.0.0.1", port: 8080 }],
    ["7F000001:1F90", "BE", { host: "127.0.0.1", port: 8080 }],
    ["00000000:01BB", "LE", { host: "0.0.0.0", port: 443 }],
    ["00000000000000000000000000000000:0050", "LE", { host: "::", port: 80 }],
    ["00000000000000000000000001000000:0050", "LE", { host: "::1", port: 80 }],
    ["B80D0120000000000000000001000000:0050", "LE", { host: "2001:db8::1", port: 80 }],
    ["20010DB8000000000000000000000001:0050", "BE", { host: "2001:db8::1", port: 80 }],
  ] as const)("reads %s in byte order %s", (local, order, bound) => {
    expect(tcpListeners([HEAD, row(local, "0A", 77), ""].join("\n"), order)).toEqual(
      new Map([["77", bound]]),
    );
  });

  test("leaves out what does not listen", () => {
    expect(
      tcpListeners([HEAD, row("0100007F:1F90", "01", 77), row("0100007F:1F90", "06", 0), ""].join("\n")),
    ).toEqual(new Map());
    const unix = [
      "Num       RefCount Protocol Flags    Type St Inode Path",
      "0000000000000000: 00000002 00000000 00010000 0001 01 11 /run/with space.sock",
      "0000000000000000: 00000003 00000000 00000000 0001 03 12 /run/with space.sock",
      "0000000000000000: 00000002 00000000 00010000 0001 01 13",
    ];
    expect(unixListeners(unix.join("\n"))).toEqual(new Map([["11", { path: "/run/with space.sock" }]]));
  });

  test("finds the listening sockets of this process, and no other", async () => {
    const directory = mkdtempSync(join(tmpdir(), "fairlead-sockets-"));
    const path = join(directory, "own.sock");
    const [tcp, tcp6, unix] = [createServer(), createServer(), createServer()];
    tcp.listen(0, "127.0.0.1");
    tcp6.listen(0, "::1");
    unix.listen(path);
    await Promise.all([tcp, tcp6, unix].map((server) => once(server, "listening")));
    const bound = [tcp, tcp6].map((server) => {
      const address = server.address();
      if (address === null || typeof address === "string") throw new TypeError("no port");
      return { host: address.address, port: address.port };
    });
    const client = connect(bound[0]?.port ?? 0, "127.0.0.1");
    await once(client, "connect");
    const found = await ownListeningSockets();
    expect(found.map((socket) => socket.bound)).toEqual(expect.arrayContaining([...bound, { path }]));
    expect(new Set(found.map(({ descriptor }) => descriptor)).size).toBe(found.length);
    client.destroy();
    for (const server of [tcp, tcp6, unix]) server.close();
    rmSync(directory, { recursive: true });
    expect((await ownListeningSockets()).map((socket) => socket.bound)).not.toContainEqual({ path });
  });
});
