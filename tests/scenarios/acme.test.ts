/** Certificates from a real ACME authority, Let's Encrypt's Pebble, on every runtime: obtained, renewed, and kept whatever it answers. */
import { X509Certificate, createPrivateKey, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type PeerCertificate, connect } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { AcmeStorage } from "../../runtimes/engine/acme/acme-storage.ts";
import { takeLock } from "../../runtimes/engine/acme/file-lock.ts";
import { engineClock } from "../../runtimes/engine/clock.ts";
import type { AcmeInput, ConfigInput } from "../../src/config/types.ts";
import type { FrontAnswer } from "../support/authority-front.ts";
import { within } from "../support/bound.ts";
import { Child } from "../support/child.ts";
import { freePort } from "../support/free-port.ts";
import { type Pebble, pebbleBinary, startPebble } from "../support/pebble.ts";
import { RawClient } from "../support/raw-client.ts";
import { ROOT } from "../support/sources.ts";
import { RUNTIMES, type RunningProxy, type RuntimeName, startProxy } from "../support/runtimes.ts";

const NAME = "app.example.com";
/** Of certificates. They are renewed after two thirds of it. */
const VALIDITY_S = 18;
const LONGEST_MS = 40_000;
/** A request that takes longer has failed. */
const REQUEST_MS = 5_000;

const tool = (name: string): string => join(ROOT, "node_modules/.bin", name);
const LAUNCHERS: Readonly<Record<string, readonly [command: string, ...args: string[]]>> = {
  node: [tool("node"), join(ROOT, "bin/fairlead.ts")],
  deno: [tool("deno"), "run", "--allow-all", "--quiet", join(ROOT, "bin/fairlead.ts")],
  bun: [tool("bun"), join(ROOT, "bin/fairlead.ts")],
};

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

  test("orders of all threads are counted", async () => {
    newStorage();
    const proxy = await start("node", { ...configOf(), threads: 2 });
    await proxy.child.printed(/a certificate for app\.example\.com was obtained/, LONGEST_MS);
    const metrics = await (await fetch(`http://127.0.0.1:${proxy.admin}/metrics`)).text();
    expect(metrics).toMatch(/^fairlead_acme_orders_total\{fairlead_result="obtained"\} [1-9]\d*$/m);
  });

  test("deno is refused a check by TLS, which its TLS can't answer", async () => {
    newStorage();
    const started = startProxy("deno", configOf({ challenge: "tls-alpn-01" }));
    await expect(started).rejects.toThrow(/listen\.also\[0\]\.tls\.acme\.challenge: deno can't prove by TLS/);
  });

  for (const runtime of RUNTIMES.filter((name) => name in LAUNCHERS)) {
    test(`${runtime} obtains one by hand`, async () => {
      newStorage();
      writeFileSync(join(storage, "ca.pem"), pebble.front.ca);
      const [file = "", ...before] = LAUNCHERS[runtime] ?? [];
      const byTls = runtime === "deno" ? [] : ["--challenge", "tls-alpn-01"];
      const port = String(byTls.length === 0 ? pebble.httpPort : pebble.tlsPort);
      const asked = [
        "--directory",
        pebble.directory,
        "--ca",
        "ca.pem",
        "--host",
        "127.0.0.1",
        "--port",
        port,
      ];
      const args = ["cert", "--acme", "--agree-terms", ...asked, ...byTls, NAME, `www.${NAME}`];
      const command = new Child("fairlead", file, [...before, ...args], {}, storage);
      await command.ended(LONGEST_MS);
      expect(command.stderr).toBe("");
      expect(command.exit).toEqual({ code: 0, signal: null });
      const [cert, key] = ["site.pem", "site.key"].map((name) => readFileSync(join(storage, name), "utf8"));
      const certificate = new X509Certificate(cert ?? "");
      expect(certificate.subjectAltName).toBe(`DNS:${NAME}, DNS:www.${NAME}`);
      expect(certificate.checkPrivateKey(createPrivateKey(key ?? ""))).toBe(true);
      expect(statSync(join(storage, "site.key")).mode & 0o777).toBe(0o600);
    });
  }

  const obtained = /a certificate for app\.example\.com was obtained/;

  test("an authority that is down, broken or at its limit takes nothing away, and is asked again", async () => {
    newStorage();
    const { front } = pebble;
    const past = { start: "2020-01-01T00:00:00Z", end: "2020-01-02T00:00:00Z" };
    front.directory = { renewalInfo: `${front.url}/renewals` };
    // Asks for a renewal as soon as there is something to renew.
    const renewals = (_: string, path: string): FrontAnswer | undefined =>
      path.startsWith("/renewals/")
        ? { status: 200, body: JSON.stringify({ suggestedWindow: past }) }
        : undefined;
    front.intercept = renewals;
    const proxy = await start("node", configOf());
    await proxy.child.printed(obtained, LONGEST_MS);
    front.intercept = () => "hang up";
    const first = await vi.waitFor(() => serialAt(pebble.tlsPort, pebble.root), { timeout: 2_000 });
    let isOver = false;
    const loaded = load(pebble.tlsPort, pebble.root, () => isOver);
    await proxy.child.printed(
      /can't be reached: ECONNRESET; the one in use stays.*"failures":1,/,
      LONGEST_MS,
    );
    front.intercept = () => ({ status: 200, body: "<html>" });
    await proxy.child.printed(
      /something else than a JSON object.*the one in use stays.*"failures":2,/,
      LONGEST_MS,
    );
    front.intercept = (method, path) =>
      path === "/order-plz"
        ? {
            status: 429,
            headers: { "retry-after": "3" },
            body: JSON.stringify({ type: "urn:ietf:params:acme:error:rateLimited", detail: "too many" }),
          }
        : renewals(method, path);
    await proxy.child.printed(/too many \(rateLimited\); the one in use stays.*"failures":3,/, LONGEST_MS);
    const limited = front.requests.lastIndexOf("POST /order-plz");
    expect(await serialAt(pebble.tlsPort, pebble.root)).toBe(first);
    front.intercept = () => undefined;
    await within(renewed(proxy, first), "the renewal", LONGEST_MS);
    isOver = true;
    expect((await loaded).failures).toEqual([]);
    expect((front.times[limited + 1] ?? 0) - (front.times[limited] ?? 0)).toBeGreaterThan(2_900);
    const metrics = await (await fetch(`http://127.0.0.1:${proxy.admin}/metrics`)).text();
    expect(metrics).toMatch(/^fairlead_acme_orders_total\{fairlead_result="rate-limited"\} 1$/m);
    expect(metrics).toMatch(/^fairlead_acme_orders_total\{fairlead_result="failed"\} 2$/m);
    expect(metrics).toMatch(/^fairlead_acme_orders_total\{fairlead_result="obtained"\} 2$/m);
    expect(metrics).toMatch(/^fairlead_acme_failing\{server_address="app\.example\.com"\} 0$/m);
  });

  test("a name that leads elsewhere is said, and not asked for again at once", async () => {
    newStorage();
    const proxy = await start("node", configOf({}, await freePort()));
    const [, retryAt = ""] = await proxy.child.printed(
      /no certificate for app\.example\.com was obtained: .*\(connection\).*"failures":1,"retry_at":"([^"]+)"/,
      LONGEST_MS,
    );
    expect(Date.parse(retryAt) - Date.now()).toBeGreaterThan(30_000);
    const orders = pebble.front.orders;
    const metrics = await (await fetch(`http://127.0.0.1:${proxy.admin}/metrics`)).text();
    expect(metrics).toMatch(/^fairlead_acme_failing\{server_address="app\.example\.com"\} 1$/m);
    await proxy.stop();
    // Neither does a process that is started again and again.
    const again = await start("node", configOf({}, await freePort()));
    await again.child.printed(/"listening"/);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(pebble.front.orders).toBe(orders);
  });

  test("a stored certificate that is broken is said and obtained anew", async () => {
    newStorage();
    const proxy = await start("node", configOf());
    await proxy.child.printed(obtained, LONGEST_MS);
    await proxy.stop();
    writeFileSync(join(stored(), `${NAME}.pem`), "-----BEGIN CERTIFICATE-----\nnone");
    writeFileSync(join(stored(), "account.key"), "none");
    const again = await start("node", configOf());
    await again.child.printed(
      /the stored certificate for app\.example\.com can't be used: it is no certificate/,
    );
    // The process before may have ended with the lock in its hands.
    await again.child.printed(/the account's key in .* can't be read; a new account is made/, LONGEST_MS);
    await again.child.printed(obtained, LONGEST_MS);
    expect(await serialAt(pebble.tlsPort, pebble.root)).not.toBe("");
  });

  test("processes that share their storage order once, and answer for each other", async () => {
    newStorage();
    const before = pebble.front.orders;
    const other = await freePort();
    const config = configOf();
    const elsewhere: ConfigInput = {
      ...config,
      listen: {
        also: (config.listen?.also ?? []).map((each, index) => ({
          ...each,
          port: index === 0 ? other : 0,
        })),
      },
    };
    // Holds both back until both listen.
    const shared = new AcmeStorage(storage, pebble.directory);
    await shared.prepare();
    const unlock = await takeLock(shared.lockPath(NAME), engineClock());
    const [one, two] = [await start("bun", elsewhere), await start("node", config)];
    await unlock?.();
    const isDone = async (): Promise<void> => {
      const serials = await Promise.all([
        serialAt(pebble.tlsPort, pebble.root),
        serialAt(other, pebble.root),
      ]);
      expect(serials[0]).toBe(serials[1]);
    };
    await Promise.race([one.child.printed(obtained, LONGEST_MS), two.child.printed(obtained, LONGEST_MS)]);
    await vi.waitFor(isDone, { timeout: 5_000, interval: 200 });
    expect(pebble.front.orders).toBe(before + 1);
  });
});

describe.skipIf(binary === undefined)("an authority that binds accounts to others", () => {
  const KEY_ID = "kid-1";
  const HMAC_KEY = randomBytes(48).toString("base64url");
  let pebble: Pebble;

  beforeAll(async () => {
    pebble = await startPebble(binary ?? "", { validity: 3_600, externalKeys: { [KEY_ID]: HMAC_KEY } });
  });

  afterAll(async () => {
    await pebble.stop();
  });

  test("takes an order of one that has its key alone", async () => {
    const configOf = (storage: string, more: Partial<AcmeInput>): ConfigInput => ({
      listen: {
        also: [
          {
            host: "127.0.0.1",
            port: 0,
            tls: {
              acme: {
                domains: NAME,
                termsAgreed: true,
                directory: pebble.directory,
                ca: pebble.front.ca,
                storage,
                keyType: "rsa-2048",
                ...more,
              },
            },
          },
          { host: "127.0.0.1", port: pebble.httpPort },
        ],
      },
      log: { output: "stderr" },
      routes: [{ respond: { status: 200 } }],
    });
    const storage = mkdtempSync(join(tmpdir(), "fairlead-acme-"));
    const without = await startProxy("node", configOf(storage, {}));
    try {
      await without.child.printed(/no certificate for .*\(externalAccountRequired\)/, LONGEST_MS);
    } finally {
      await without.stop();
    }
    const externalAccount = { keyId: KEY_ID, hmacKey: HMAC_KEY };
    const proxy = await startProxy("node", configOf(join(storage, "bound"), { externalAccount }));
    try {
      await proxy.child.printed(/a certificate for app\.example\.com was obtained/, LONGEST_MS);
      expect(proxy.child.stderr).not.toContain(HMAC_KEY);
    } finally {
      await proxy.stop();
      rmSync(storage, { recursive: true, force: true });
    }
  });
});
