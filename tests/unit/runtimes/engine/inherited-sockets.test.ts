import { describe, expect, test } from "vitest";
import {
  InheritedSockets,
  type WantedListener,
} from "../../../../runtimes/engine/inheritance/inherited-sockets.ts";
import type { BoundAddress, InheritedSocket } from "../../../../runtimes/inheritance.ts";

const listener = (name: string, port: number, host = "::", fallbackHost?: string): WantedListener => ({
  name,
  address: { host, port },
  fallbackHost,
});

const socket = (descriptor: number, bound: BoundAddress, name?: string): InheritedSocket => ({
  descriptor,
  name,
  hasChosenName: true,
  bound,
});

/** Descriptors by the name of the listener that takes them. */
const taken = (listeners: readonly WantedListener[], sockets: readonly InheritedSocket[]): unknown => {
  const inherited = new InheritedSockets({ by: "systemd", sockets });
  return Object.fromEntries(
    listeners.map((each) => [each.name, inherited.take(each).map(({ descriptor }) => descriptor)]),
  );
};

describe("inherited sockets", () => {
  test("are for the listener that has their address", () => {
    const listeners = [
      listener("listen", 443),
      listener("listen.also.0", 80),
      listener("admin", 9090, "127.0.0.1"),
    ];
    const sockets = [
      socket(3, { host: "::", port: 80 }),
      socket(4, { host: "127.0.0.1", port: 9090 }, "fairlead.socket"),
      socket(5, { host: "::", port: 443 }),
    ];
    expect(taken(listeners, sockets)).toEqual({ listen: [5], "listen.also.0": [3], admin: [4] });
  });

  test("that somebody has named are for the listener of that name, whatever their address", () => {
    const sockets = [
      socket(3, { host: "::", port: 9090 }, "listen"),
      socket(4, { host: "::", port: 8080 }, "admin"),
    ];
    expect(taken([listener("listen", 8080), listener("admin", 9090)], sockets)).toEqual({
      listen: [3],
      admin: [4],
    });
    // Nobody has the name: the socket is left over, although its address fits.
    expect(taken([listener("listen", 8080)], [sockets[1] as InheritedSocket])).toEqual({ listen: [] });
  });

  test("of a process before are found by name where the port is any free one, and by address else", () => {
    const own = (descriptor: number, port: number, name: string): InheritedSocket => ({
      ...socket(descriptor, { host: "::", port }, name),
      hasChosenName: false,
    });
    expect(taken([listener("listen", 0)], [own(4, 40_001, "listen")])).toEqual({ listen: [4] });
    // The port was changed between two versions of a config: the old one is not wanted.
    expect(taken([listener("listen", 8081)], [own(4, 8080, "listen")])).toEqual({ listen: [] });
    const moved = [listener("listen", 443), listener("listen.also.0", 81), listener("listen.also.1", 80)];
    const before = [own(4, 443, "listen"), own(5, 80, "listen.also.0")];
    expect(taken(moved, before)).toEqual({ listen: [4], "listen.also.0": [], "listen.also.1": [5] });
  });

  test("may have the address to fall back to, and any address for a host name", () => {
    const sockets = [socket(3, { host: "0.0.0.0", port: 80 }), socket(4, { host: "127.0.0.1", port: 81 })];
    const listeners = [listener("listen", 80, "::", "0.0.0.0"), listener("listen.also.0", 81, "localhost")];
    expect(taken(listeners, sockets)).toEqual({ listen: [3], "listen.also.0": [4] });
    expect(taken([listener("listen", 80)], sockets)).toEqual({ listen: [] });
  });

  test("of one address are all for its listener, and each is taken once", () => {
    const sockets = [3, 4, 5].map((descriptor) => socket(descriptor, { host: "::", port: 80 }));
    expect(taken([listener("listen", 80), listener("listen.also.0", 80)], sockets)).toEqual({
      listen: [3, 4, 5],
      "listen.also.0": [],
    });
  });

  test("with a path are for the listener on that path", () => {
    const at = (name: string, path: string): WantedListener => ({ name, address: { path } });
    const sockets = [socket(3, { path: "/run/b.sock" }), socket(4, { path: "/run/a.sock" })];
    expect(taken([at("listen", "/run/a.sock"), listener("admin", 80)], sockets)).toEqual({
      listen: [4],
      admin: [],
    });
  });

  test("of an unknown address are for no listener unless they are named", () => {
    const sockets: InheritedSocket[] = [
      { descriptor: 3, hasChosenName: true },
      { descriptor: 4, name: "listen", hasChosenName: true },
    ];
    expect(taken([listener("listen", 80)], sockets)).toEqual({ listen: [4] });
  });

  test("that systemd has opened for no listener are a mistake, named in full", async () => {
    const inherited = new InheritedSockets({
      by: "systemd",
      sockets: [socket(3, { host: "::", port: 80 }), socket(4, { host: "::", port: 81 }, "fairlead.socket")],
    });
    inherited.take(listener("listen", 80));
    await expect(inherited.settle()).rejects.toThrow(
      'no listener of the config has the socket [::]:81 ("fairlead.socket") from systemd',
    );
  });
});
