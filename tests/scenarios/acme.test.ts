/** Certificates from a real ACME authority, Let's Encrypt's Pebble, on every runtime: obtained, renewed, and kept whatever it answers. */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type PeerCertificate, connect } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { AcmeInput, ConfigInput } from "../../src/config/types.ts";
import { within } from "../support/bound.ts";
import { type Pebble, pebbleBinary, startPebble } from "../support/pebble.ts";
import { RawClient } from "../support/raw-client.ts";
import { RUNTIMES, type RunningProxy, type RuntimeName, startProxy } from "../support/runtimes.ts";

const NAME = "app.example.com";
/** Of certificates. They are renewed after two thirds of it. */
const VALIDITY_S = 18;
const LONGEST_MS = 40_000;
/** A request that takes longer has failed. */
const REQUEST_MS = 5_000;

const binary = pebbleBinary();

test("Pebble is there where it must be", () => {
  const advice = "Pebble is not installed (Debian: apt-get install pebble); no certificate is obtained";
  if (binary === undefined) process.stderr.write(`${advice}\n`);
  expect({ present: binary !== undefined, ci: process.env["CI"] !== undefined }).not.toEqual({
    present: false,
    ci: true,
  });
});

/** Serial number of the certificate that a client gets, verified as clients do where `root` is given. */
const serialAt = (port: number, root?: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const trust = root === undefined ? { rejectUnauthorized: false } : { ca: root };
    const socket = connect({ host: "127.0.0.1", port, servername: NAME, ...trust }, () => {
      const certificate: PeerCertificate = socket.getPeerCertificate();
      socket.end();
      resolve(certificate.serialNumber);
    });
    socket.once("error", reject);
  });

/** The answer to one request on a connection of its own, by a client that trusts `root` alone. */
const answerAt = (port: number, root: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const sent = request(
      { host: "127.0.0.1", port, servername: NAME, ca: root, agent: false, headers: { host: NAME } },
      (response) => {
        response
          .setEncoding("utf8")
          .once("data", (body: string) => resolve(`${response.statusCode} ${body}`));
        response.once("error", reject);
      },
    );
    sent.setTimeout(REQUEST_MS, () => sent.destroy(new Error("no answer")));
    sent.once("error", reject).end();
  });

/** Asks again and again until `isOver`; resolves to how many were answered, and what went wrong. */
const load = async (
  port: number,
  root: string,
  isOver: () => boolean,
): Promise<{ answered: number; failures: string[] }> => {
  const failures: string[] = [];
  let answered = 0;
  const client = async (): Promise<void> => {
    while (!isOver()) {
      try {
        const answer = await answerAt(port, root);
        if (answer === "200 hello") answered += 1;
        else failures.push(answer);
      } catch (error) {
        failures.push(String(error));
      }
    }
  };
  await Promise.all([client(), client(), client()]);
  return { answered, failures };
};

describe.skipIf(binary === undefined)("certificates by ACME", () => {
  let pebble: Pebble;
  let storage = "";
  const proxies: RunningProxy[] = [];

  beforeAll(async () => {
    pebble = await startPebble(binary ?? "", { validity: VALIDITY_S });
  });

  afterAll(async () => {
    await pebble.stop();
  });

  afterEach(async () => {
    pebble.front.intercept = () => undefined;
    pebble.front.directory = {};
    await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
    rmSync(storage, { recursive: true, force: true });
  });

  const configOf = (more: Partial<AcmeInput> = {}, plainPort = pebble.httpPort): ConfigInput => ({
    listen: {
      also: [
        {
          host: "127.0.0.1",
          port: pebble.tlsPort,
          tls: {
            acme: {
              domains: NAME,
              termsAgreed: true,
              email: "admin@example.com",
              directory: pebble.directory,
              ca: pebble.front.ca,
              storage,
              ...more,
            },
          },
        },
        { host: "127.0.0.1", port: plainPort, redirect: "https" },
      ],
    },
    admin: { port: 0 },
    validation: { hosts: [NAME] },
    log: { level: "debug", output: "stderr" },
    routes: [{ respond: { status: 200, body: "hello" } }],
  });

  const start = async (runtime: RuntimeName, config: ConfigInput): Promise<RunningProxy> => {
    const proxy = await startProxy(runtime, config);
    proxies.push(proxy);
    return proxy;
  };

  const newStorage = (): void => {
    storage = mkdtempSync(join(tmpdir(), "fairlead-acme-"));
  };

  const stored = (): string => join(storage, readdirSync(storage)[0] ?? "");

  /** Waits for another certificate than `before`. */
  const renewed = async (proxy: RunningProxy, before: string): Promise<string> => {
    for (;;) {
      const serial = await serialAt(pebble.tlsPort);
      if (serial !== before) return serial;
      if (proxy.child.exit !== undefined) throw new Error(`the proxy ended: ${proxy.child.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };

  for (const runtime of RUNTIMES.filter((name) => name !== "workerd")) {
    test(`${runtime} obtains one by HTTP, serves it, renews it under load, and starts with it again`, async () => {
      newStorage();
      const proxy = await start(runtime, configOf());
      const placeholder = await serialAt(pebble.tlsPort);
      await proxy.child.printed(/a certificate for app\.example\.com was obtained/, LONGEST_MS);
      const first = await within(renewed(proxy, placeholder), "the first certificate");
      expect(await answerAt(pebble.tlsPort, pebble.root)).toBe("200 hello");
      // The port that answered the authority redirects everybody else.
      const client = await RawClient.connect(pebble.httpPort);
      await client.send(`GET /.well-known/acme-challenge/unknown HTTP/1.1\r\nHost: ${NAME}\r\n\r\n`);
      expect((await client.response()).status).toBe(308);
      client.close();
      let isRenewed = false;
      const [outcome, second] = await Promise.all([
        load(pebble.tlsPort, pebble.root, () => isRenewed),
        within(renewed(proxy, first), "the renewal", LONGEST_MS).finally(() => {
          isRenewed = true;
        }),
      ]);
      expect(outcome.failures).toEqual([]);
      expect(outcome.answered).toBeGreaterThan(20);
      const modes = ["account.key", `${NAME}.pem`].map((file) => statSync(join(stored(), file)).mode & 0o777);
      expect(modes).toEqual([0o600, 0o600]);
      expect(readdirSync(join(stored(), "challenges"))).toEqual([]);
      await proxy.stop();
      const asked = pebble.front.requests.length;
      pebble.front.intercept = () => "hang up";
      await start(runtime, configOf());
      expect(await serialAt(pebble.tlsPort, pebble.root)).toBe(second);
      expect(pebble.front.requests.length).toBe(asked);
    });
  }

  for (const runtime of RUNTIMES.filter((name) => name === "node" || name === "bun")) {
    test(`${runtime} obtains one by TLS, and clients notice nothing of it`, async () => {
      newStorage();
      const proxy = await start(runtime, configOf({ challenge: "tls-alpn-01" }));
      await proxy.child.printed(/a certificate for app\.example\.com was obtained/, LONGEST_MS);
      const first = await serialAt(pebble.tlsPort, pebble.root);
      let isRenewed = false;
      const [outcome] = await Promise.all([
        load(pebble.tlsPort, pebble.root, () => isRenewed),
        within(renewed(proxy, first), "the renewal", LONGEST_MS).finally(() => {
          isRenewed = true;
        }),
      ]);
      expect(outcome.failures).toEqual([]);
      expect(outcome.answered).toBeGreaterThan(20);
    });
  }

  test("deno is refused a check by TLS, which its TLS can't answer", async () => {
    newStorage();
    const started = startProxy("deno", configOf({ challenge: "tls-alpn-01" }));
    await expect(started).rejects.toThrow(/listen\.also\[0\]\.tls\.acme\.challenge: Deno can't prove by TLS/);
  });
});
