import { describe, expect, test } from "vitest";
import {
  type WantedListener,
  assignSockets,
} from "../../../../runtimes/engine/inheritance/assign-sockets.ts";
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

const assigned = (listeners: readonly WantedListener[], sockets: readonly InheritedSocket[]): unknown => {
  const { descriptors, unclaimed } = assignSockets(listeners, sockets);
  return [Object.fromEntries(descriptors), unclaimed.map(({ descriptor }) => descriptor)];
};

describe("assignSockets", () => {
  test("finds the listener that has the socket's address", () => {
    const listeners = [
      listener("listen", 443),
      listener("listen.also.0", 80),
      listener("admin", 9090, "127.0.0.1"),
    ];
    const sockets = [
      socket(3, { host: "::", port: 80 }),
      socket(4, { host: "127.0.0.1", port: 9090 }),
      socket(5, { host: "::", port: 443 }),
    ];
    expect(assigned(listeners, sockets)).toEqual([{ listen: [5], "listen.also.0": [3], admin: [4] }, []]);
  });

  test("prefers a name that a person chose to any address", () => {
    const listeners = [listener("listen", 8080), listener("admin", 9090)];
    const sockets = [
      socket(3, { host: "::", port: 9090 }, "listen"),
      socket(4, { host: "::", port: 8080 }, "admin"),
    ];
    expect(assigned(listeners, sockets)).toEqual([{ listen: [3], admin: [4] }, []]);
  });

  test("takes a name that nobody chose for a listener on any free port alone", () => {
    const own = (descriptor: number, port: number, name: string): InheritedSocket => ({
      ...socket(descriptor, { host: "::", port }, name),
      hasChosenName: false,
    });
    expect(assigned([listener("listen", 0)], [own(4, 40_001, "listen")])).toEqual([{ listen: [4] }, []]);
    // The port was changed between two versions of a config: the old one is not wanted.
    expect(assigned([listener("listen", 8081)], [own(4, 8080, "listen")])).toEqual([{}, [4]]);
  });

  test("takes the address to fall back to, and any address for a host name", () => {
    const sockets = [socket(3, { host: "0.0.0.0", port: 80 }), socket(4, { host: "127.0.0.1", port: 81 })];
    const listeners = [listener("listen", 80, "::", "0.0.0.0"), listener("listen.also.0", 81, "localhost")];
    expect(assigned(listeners, sockets)).toEqual([{ listen: [3], "listen.also.0": [4] }, []]);
    expect(assigned([listener("listen", 80)], sockets)).toEqual([{}, [3, 4]]);
  });

  test("gives a listener all sockets that have its address", () => {
    const sockets = [3, 4, 5].map((descriptor) => socket(descriptor, { host: "::", port: 80 }));
    expect(assigned([listener("listen", 80)], sockets)).toEqual([{ listen: [3, 4, 5] }, []]);
  });

  test("finds Unix sockets by their path", () => {
    const at = (name: string, path: string): WantedListener => ({ name, address: { path } });
    const sockets = [socket(3, { path: "/run/b.sock" }), socket(4, { path: "/run/a.sock" })];
    expect(assigned([at("listen", "/run/a.sock"), listener("admin", 80)], sockets)).toEqual([
      { listen: [4] },
      [3],
    ]);
  });

  test("leaves sockets of unknown address over, unless they are named", () => {
    const sockets: InheritedSocket[] = [
      { descriptor: 3, hasChosenName: true },
      { descriptor: 4, name: "listen", hasChosenName: true },
    ];
    expect(assigned([listener("listen", 80)], sockets)).toEqual([{ listen: [4] }, [3]]);
  });
});
