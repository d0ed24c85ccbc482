/** Upstreams behind TLS: who is trusted, and what a runtime that can't says at start. */
import { type Server, createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ConfigInput } from "../../src/config/types.ts";
import { CAPABILITIES, type Capability } from "../../src/core/capability.ts";
import { CAPABILITIES_OF } from "../support/capabilities.ts";
import { certificate } from "../support/certificate.ts";
import { RUNTIMES, type RunningProxy, startProxy } from "../support/runtimes.ts";

const AUTHORITY = "fairlead test authority";
const authority = certificate({ name: AUTHORITY, authority: true });
const issued = (...hosts: readonly string[]): { cert: string; key: string } =>
  certificate({ name: "fairlead test origin", hosts, issuer: { name: AUTHORITY, key: authority.key } });

/** Content of many TLS records, no two of them alike. */
const LARGE = Buffer.from(Uint32Array.from({ length: 500_000 }, (_, index) => index).buffer);

/** Answers with the TLS server name that it was asked for, or with `LARGE`. */
const startOrigin = async (options: Parameters<typeof createServer>[0]): Promise<Server> => {
  const server = createServer(options, ({ socket, url }, response) => {
    if (url?.endsWith("?large") === true) response.end(LARGE);
    else response.end(String((socket as TLSSocket & { servername: unknown }).servername));
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
};

const urlOf = (server: Server): string => `https://127.0.0.1:${(server.address() as AddressInfo).port}`;

type Upstream = NonNullable<ConfigInput["upstreams"]>[string];

interface TlsCase {
  readonly title: string;
  readonly needs: readonly Capability[];
  readonly upstream: (origins: Origins) => Upstream;
  /** Text of the answer, or the code of the refusal. */
  readonly answer?: string;
  readonly refusal?: RegExp;
}

interface Origins {
  readonly origin: string;
  /** Has a certificate for `inside.test` alone. */
  readonly named: string;
  /** Asks for a client certificate. */
  readonly guarded: string;
}

const { cert: ca } = authority;
const serverName = "inside.test";
const UNREACHED = /^connect-failed$/;

const CASES: readonly TlsCase[] = [
  {
    title: "certificate of an unknown authority is answered with 502",
    needs: [],
    upstream: ({ origin }) => origin,
    refusal: UNREACHED,
  },
  {
    title: "certificate of the config's authority is trusted",
    needs: ["upstream-ca"],
    upstream: ({ origin }) => ({ endpoints: origin, tls: { ca } }),
  },
  {
    title: "certificate for another name is answered with 502, whoever issued it",
    needs: ["upstream-ca"],
    upstream: ({ named }) => ({ endpoints: named, tls: { ca } }),
    refusal: UNREACHED,
  },
  {
    title: "server name of the config is sent and verified",
    needs: ["upstream-ca", "upstream-server-name"],
    upstream: ({ named }) => ({ endpoints: named, tls: { ca, serverName } }),
    answer: serverName,
  },
  {
    title: "server name that the certificate is not for is answered with 502",
    needs: ["upstream-ca", "upstream-server-name"],
    upstream: ({ origin }) => ({ endpoints: origin, tls: { ca, serverName } }),
    refusal: UNREACHED,
  },
  {
    title: "certificate is not verified where the config says so",
    needs: ["upstream-no-verify"],
    upstream: ({ origin }) => ({ endpoints: origin, tls: { verify: false } }),
  },
  {
    title: "client certificate is presented to an origin that asks for one",
    needs: ["upstream-ca", "upstream-client-certificate"],
    upstream: ({ guarded }) => ({ endpoints: guarded, tls: { ca, ...issued("client.test") } }),
  },
  {
    title: "origin that asks for a client certificate in vain is answered for with 502",
    needs: ["upstream-ca"],
    upstream: ({ guarded }) => ({ endpoints: guarded, tls: { ca } }),
    // In TLS 1.3 the handshake is over for a client before it is refused; not every runtime tells that apart.
    refusal: /^(?:connect-failed|upstream-reset)$/,
  },
];

const servers: Server[] = [];
let origins: Origins = { origin: "", named: "", guarded: "" };
beforeAll(async () => {
  const asking = { ca, requestCert: true, rejectUnauthorized: true };
  for (const options of [issued("127.0.0.1"), issued(serverName), { ...issued("127.0.0.1"), ...asking }]) {
    servers.push(await startOrigin(options));
  }
  const [origin = "", named = "", guarded = ""] = servers.map(urlOf);
  origins = { origin, named, guarded };
});
afterAll(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});

const nameOf = ({ title }: Pick<TlsCase, "title">): string =>
  `case-${CASES.findIndex((one) => one.title === title)}`;

describe.each(RUNTIMES)("https upstreams on %s", (runtime) => {
  const missingOf = ({ needs }: TlsCase): Capability | undefined =>
    needs.find((capability) => !CAPABILITIES_OF[runtime].has(capability));
  const impossible = CASES.filter((one) => missingOf(one) !== undefined);
  const possible = CASES.filter((one) => missingOf(one) === undefined);
  /** One upstream for each case, at a path of its own. */
  const start = (cases: readonly TlsCase[]): Promise<RunningProxy> => {
    return startProxy(runtime, {
      upstreams: Object.fromEntries(cases.map((one) => [nameOf(one), one.upstream(origins)])),
      routes: cases.map((one) => ({ match: { path: `/${nameOf(one)}` }, upstream: nameOf(one) })),
    });
  };
  let proxy: RunningProxy | undefined;
  let refusedAtStart = "";

  beforeAll(async () => {
    if (impossible.length > 0) {
      refusedAtStart = await start(impossible).then(
        (started) => started.stop().then(() => ""),
        (error: unknown) => String(error),
      );
    }
    proxy = await start(possible);
  });
  afterAll(() => proxy?.stop());

  const ask = async (one: Pick<TlsCase, "title">): Promise<{ status: number; text: string }> => {
    const url = `http://127.0.0.1:${proxy?.port}/${nameOf(one)}`;
    const response = await fetch(url, { headers: { accept: "application/json" } });
    return { status: response.status, text: await response.text() };
  };

  it.each(impossible)("$title: refused at start", (one) => {
    expect(refusedAtStart).toContain(`upstreams.${nameOf(one)}.tls`);
    expect(refusedAtStart).toContain(CAPABILITIES[missingOf(one) as Capability]);
  });

  it.each(possible.filter(({ refusal }) => refusal === undefined))("$title", async (one) => {
    const { status, text } = await ask(one);
    expect([status, one.answer && text]).toEqual([200, one.answer]);
  });

  const trusted = possible.find(({ refusal }) => refusal === undefined);
  it.runIf(trusted !== undefined)("content of many records arrives as it was sent", async () => {
    const url = `http://127.0.0.1:${proxy?.port}/${nameOf({ title: trusted?.title ?? "" })}?large`;
    const response = await fetch(url);
    expect(Buffer.from(await response.arrayBuffer()).equals(LARGE)).toBe(true);
  });

  it.each(possible.filter(({ refusal }) => refusal !== undefined))(
    "$title",
    async ({ refusal = /^$/, ...one }) => {
      const { status, text } = await ask(one);
      expect(status).toBe(502);
      expect(text).not.toMatch(/certificate|127\.0\.0\.1/i);
      // workerd tells every connection that fails as a lost one.
      const code = runtime === "workerd" ? "upstream-reset" : refusal;
      expect(JSON.parse(text)).toMatchObject({ code: expect.stringMatching(code) });
    },
  );
});
