/** Names with several addresses: the next attempt starts soon, none is cut, names are looked up anew (RFC 8305 §5). */
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { certificate } from "../support/certificate.ts";
import { canHaveOwnHosts, type Hosts } from "../support/own-hosts.ts";
import { RawOrigin } from "../support/raw-origin.ts";
import { type Case, conformance } from "../support/suite.ts";
import { startUnaccepting, type Unaccepting } from "../support/unaccepting.ts";

const SEEN_AT = ["nodejs/node#54359", "nodejs/undici#2990"];
/** All of 127.0.0.0/8 is loopback. On these a port is served by somebody else, hung, or refused. */
const [LIVE, HANGING, DEAD, MOVED] = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"] as const;

/** In either order, whatever order a lookup gives them. */
const HOSTS: Hosts = {
  "refused-first.test": [DEAD, LIVE],
  "refused-last.test": [LIVE, DEAD],
  "hanging-first.test": [HANGING, LIVE],
  "hanging-last.test": [LIVE, HANGING],
  "slow-first.test": [HANGING, DEAD],
  "slow-last.test": [DEAD, HANGING],
  "hanging.test": [HANGING],
  "moving.test": [LIVE],
  "dotted.test": ["127.0.0.1"],
  "dotted.test.": ["127.0.0.1"],
};

/** Reserved (RFC 6761): no name server has it. */
const MISSING = "missing.invalid";

let hanging: Unaccepting | undefined;
let live: RawOrigin | undefined;
let moved: RawOrigin | undefined;
let secure: Server | undefined;
let securePort = 0;
const site = certificate({ hosts: ["dotted.test"] });

beforeAll(async () => {
  hanging = await startUnaccepting(HANGING);
  live = await RawOrigin.start(LIVE, hanging.port);
  moved = await RawOrigin.start(MOVED, hanging.port);
  secure = createServer(site, ({ socket }, response) => {
    response.end(String((socket as TLSSocket & { servername: unknown }).servername));
  });
  const listening = secure;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  securePort = (listening.address() as AddressInfo).port;
});
afterAll(async () => {
  await hanging?.stop();
  await live?.stop();
  await moved?.stop();
  secure?.close();
  secure?.closeAllConnections();
});

const answered = (name: string): Case => ({
  title: `${name} is served by the address that answers`,
  seenAt: SEEN_AT,
  run: async (stage) => {
    const began = performance.now();
    expect((await stage.request("/", { host: name })).text).toBe("origin");
    // The next attempt starts after 250 ms; an address that hangs would cost the 3 s of `timeouts.connect`.
    expect(performance.now() - began).toBeLessThan(2_000);
  },
});

const slow = (name: string): Case => ({
  title: `${name} is served by the address that is slow, as no attempt is cut before its time`,
  seenAt: SEEN_AT,
  run: async (stage) => {
    hanging?.hang();
    const response = stage.request("/", { host: name });
    // By then the other attempt has started and failed.
    await new Promise((resolve) => setTimeout(resolve, 600));
    hanging?.accept();
    try {
      expect((await response).text).toBe("slow");
    } finally {
      hanging?.hang();
    }
  },
});

const cases: Case[] = [
  ...["refused-first.test", "refused-last.test", "hanging-first.test", "hanging-last.test"].map(answered),
  ...["slow-first.test", "slow-last.test"].map(slow),
  {
    title: "name whose only address hangs is given up after the connect timeout",
    run: async (stage) => {
      const { status, text } = await stage.request("/", { host: "hanging.test" });
      expect([status, JSON.parse(text)]).toEqual([504, expect.objectContaining({ code: "connect-timeout" })]);
    },
  },
  {
    title: "name that does not exist is answered with 502, and the proxy goes on",
    run: async (stage) => {
      for (let i = 0; i < 2; i++) {
        const { status, text } = await stage.request("/", { host: MISSING });
        expect([status, JSON.parse(text)]).toEqual([
          502,
          expect.objectContaining({ code: "connect-failed" }),
        ]);
      }
    },
  },
  {
    title: "name that moved is looked up again for a new connection",
    seenAt: ["NginxProxyManager/nginx-proxy-manager#5602"],
    run: async (stage) => {
      live?.script((x) => x.respond(200, {}, "before"));
      moved?.script((x) => x.respond(200, {}, "after"));
      expect((await stage.request("/", { host: "moving.test" })).text).toBe("before");
      stage.proxy.setHosts({ ...HOSTS, "moving.test": [MOVED] });
      live?.dropConnections();
      // The old connection is gone, which the proxy may learn from this request.
      await stage.request("/", { host: "moving.test" });
      expect((await stage.request("/", { host: "moving.test" })).text).toBe("after");
      live?.reset();
    },
  },
  {
    title: "dot at the end of a name is not sent as its TLS server name",
    seenAt: ["Kong/kong#7550"],
    run: async (stage) => {
      expect((await stage.request("/", { host: "dotted.test" })).text).toBe("dotted.test");
    },
  },
];

describe.skipIf(!canHaveOwnHosts())("names of a hosts file", () => {
  conformance("addresses", {
    hosts: HOSTS,
    config: () => ({
      upstreams: {
        ...Object.fromEntries(
          [MISSING, ...Object.keys(HOSTS)]
            .filter((name) => !name.startsWith("dotted"))
            .map((name) => [name, `http://${name}:${hanging?.port}`]),
        ),
        dotted: {
          endpoints: `https://dotted.test.:${securePort}`,
          tls: { ca: site.cert },
        },
      },
      routes: [MISSING, ...Object.keys(HOSTS)]
        .filter((name) => !name.endsWith("."))
        .map((name) => ({ match: { host: name }, upstream: name === "dotted.test" ? "dotted" : name })),
    }),
    cases,
  });
});
