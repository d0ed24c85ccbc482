/** Clients that are known by their certificates (mutual TLS): every kind of certificate, full handshakes and resumed ones. */
import { execFile } from "node:child_process";
import { X509Certificate, createHash } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TLSSocket, connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { within } from "../support/bound.ts";
import { certificate } from "../support/certificate.ts";
import { Child } from "../support/child.ts";
import { freePort } from "../support/free-port.ts";
import { RawOrigin } from "../support/raw-origin.ts";
import { RUNTIMES } from "../support/runtimes.ts";
import { ROOT } from "../support/sources.ts";

const binary = (name: string): string => join(ROOT, "node_modules/.bin", name);
const LAUNCHERS: Readonly<Record<string, readonly [command: string, ...args: string[]]>> = {
  node: [binary("node"), join(ROOT, "bin/fairlead.ts")],
  deno: [binary("deno"), "run", "--allow-all", "--quiet", join(ROOT, "bin/fairlead.ts")],
  bun: [binary("bun"), join(ROOT, "bin/fairlead.ts")],
};

const authorityNamed = (name: string): { cert: string; key: string; name: string } => ({
  ...certificate({ name, authority: true }),
  name,
});
const [servers, trusted, retired, strangers] = ["servers", "trusted", "retired", "strangers"].map(
  authorityNamed,
) as [
  ReturnType<typeof authorityNamed>,
  ReturnType<typeof authorityNamed>,
  ReturnType<typeof authorityNamed>,
  ReturnType<typeof authorityNamed>,
];

interface Identity {
  readonly cert: string;
  readonly key: string;
}

const CLIENTS: Readonly<Record<string, Identity | undefined>> = {
  trusted: certificate({ name: "worker 1", issuer: trusted, hosts: ["worker.test"] }),
  untrusted: certificate({ name: "worker 1", issuer: strangers, hosts: ["worker.test"] }),
  expired: certificate({
    name: "worker 1",
    issuer: trusted,
    hosts: ["worker.test"],
    from: 0,
    to: Date.now() - 60_000,
  }),
  "not yet valid": certificate({
    name: "worker 1",
    issuer: trusted,
    hosts: ["w.test"],
    from: Date.now() + 600_000,
    to: Date.now() + 900_000,
  }),
  "revoked by removal": certificate({ name: "worker 2", issuer: retired, hosts: ["worker.test"] }),
  none: undefined,
};

interface Answer {
  /** Undefined where the connection was closed instead. */
  readonly status: number | undefined;
  readonly isResumed: boolean;
  readonly session: Buffer | undefined;
}

type Version = "TLSv1.2" | "TLSv1.3";

interface Ask {
  readonly version: Version;
  readonly session?: Buffer | undefined;
  readonly fields?: readonly string[];
  readonly servername?: string;
}

/** One request on a connection of its own. */
const ask = (port: number, client: Identity | undefined, asked: Ask): Promise<Answer> =>
  within(
    new Promise((resolve) => {
      const { version, session, fields = [], servername = "site.test" } = asked;
      let text = "";
      let kept: Buffer | undefined;
      let isResumed = false;
      const socket: TLSSocket = connect({
        port,
        host: "127.0.0.1",
        servername,
        ca: servers.cert,
        minVersion: version,
        maxVersion: version,
        ...(client === undefined ? {} : client),
        ...(session === undefined ? {} : { session }),
      });
      socket.on("session", (data: Buffer) => (kept = data));
      socket.on("secureConnect", () => {
        isResumed = socket.isSessionReused();
        socket.write(
          ["GET / HTTP/1.1", `Host: ${servername}`, ...fields, "Connection: close", "", ""].join("\r\n"),
        );
      });
      socket.on("data", (data: Buffer) => (text += data.toString("latin1")));
      socket.on("error", () => {});
      socket.on("close", () => {
        const [, status] = /^HTTP\/1\.1 (\d+)/.exec(text) ?? [];
        resolve({ status: status === undefined ? undefined : Number(status), isResumed, session: kept });
      });
    }),
    "an answer",
  );

const VERSIONS: readonly Version[] = ["TLSv1.2", "TLSv1.3"];

for (const runtime of RUNTIMES.filter((name) => name in LAUNCHERS)) {
  describe(`client certificates on ${runtime}`, () => {
    let directory = "";
    let origin: RawOrigin;
    let child: Child;
    const ports = { request: 0, require: 0, plain: 0 };
    let generation = 1;

    const write = (name: string, text: string): void => {
      writeFileSync(join(directory, name), text);
      chmodSync(join(directory, name), 0o600);
    };

    const reload = async (authorities: string): Promise<void> => {
      write("ca.pem", authorities);
      generation += 1;
      child.signal("SIGHUP");
      await child.printed(new RegExp(`config ${generation}\\)`), 20_000);
    };

    beforeAll(async () => {
      directory = mkdtempSync(join(tmpdir(), "fairlead-mtls-"));
      origin = await RawOrigin.start();
      for (const name of ["request", "require", "plain"] as const) ports[name] = await freePort();
      const site = certificate({ name: "site", hosts: ["site.test"], issuer: servers });
      const other = certificate({ name: "other", hosts: ["other.test"], issuer: servers });
      write("site.pem", site.cert);
      write("site.key", site.key);
      write("other.pem", other.cert);
      write("other.key", other.key);
      write("ca.pem", trusted.cert + retired.cert);
      const tls = (mode: string | undefined): object => ({
        cert: "${file:site.pem}",
        key: "${file:site.key}",
        certificates: [{ cert: "${file:other.pem}", key: "${file:other.key}" }],
        ...(mode === undefined ? {} : { client: { mode, ca: "${file:ca.pem}" } }),
      });
      const host = "127.0.0.1";
      const certificateFields = {
        "x-cert-status": "${client.cert.status}",
        "x-cert-subject": "${client.cert.subject}",
        "x-cert-issuer": "${client.cert.issuer}",
        "x-cert-serial": "${client.cert.serial}",
        "x-cert-fingerprint": "${client.cert.fingerprint}",
      };
      const config = {
        listen: {
          port: ports.request,
          host,
          tls: tls("request"),
          also: [
            { port: ports.require, host, tls: tls("require") },
            { port: ports.plain, host, tls: tls(undefined) },
          ],
        },
        upstreams: { main: origin.url },
        routes: [
          { match: { path: "/bare" }, upstream: "main" },
          { upstream: "main", requestHeaders: { set: certificateFields } },
        ],
        forwarding: { clientCert: true },
      };
      write("fairlead.json", JSON.stringify(config));
      const [command = "", ...before] = LAUNCHERS[runtime] ?? [];
      child = new Child("fairlead", command, [...before, "start"], {}, directory);
      await child.printed(/https:\/\/127\.0\.0\.1:(\d+)/, 30_000);
    }, 60_000);

    afterAll(async () => {
      child.signal("SIGKILL");
      await origin.stop();
      rmSync(directory, { recursive: true, force: true });
    });

    /** Status of the answer, and what the origin was told of the certificate. */
    const seen = async (
      port: number,
      client: Identity | undefined,
      asked: Ask,
    ): Promise<{
      answer: Answer;
      told: string | undefined;
      subject: string | undefined;
      der: string | undefined;
    }> => {
      const before = origin.exchanges.length;
      const answer = await ask(port, client, asked);
      if (answer.status === undefined) {
        expect(origin.exchanges.length).toBe(before);
        return { answer, told: undefined, subject: undefined, der: undefined };
      }
      const exchange = await origin.request(before);
      return {
        answer,
        told: exchange.header("x-cert-status"),
        subject: exchange.header("x-cert-subject"),
        der: exchange.header("client-cert"),
      };
    };

    const EXPECTED: Readonly<Record<string, "verified" | "unverified" | "none">> = {
      trusted: "verified",
      untrusted: "unverified",
      expired: "unverified",
      "not yet valid": "unverified",
      "revoked by removal": "verified",
      none: "none",
    };

    describe.each(VERSIONS)("by %s", (version) => {
      test.each(Object.entries(EXPECTED))('"request", %s: the origin is told "%s"', async (kind, told) => {
        const client = CLIENTS[kind];
        const first = await seen(ports.request, client, { version });
        expect([first.answer.status, first.told]).toEqual([200, told]);
        const again = await seen(ports.request, client, { version, session: first.answer.session });
        expect([again.answer.status, again.told], "in a resumed session").toEqual([200, told]);
        expect(again.answer.isResumed).toBe(true);
        for (const { subject, der } of [first, again]) {
          expect(subject).toBe(
            told === "verified" ? `CN=${kind === "trusted" ? "worker 1" : "worker 2"}` : "",
          );
          expect(der === undefined).toBe(told !== "verified");
        }
      });

      test.each(Object.entries(EXPECTED))('"require", %s (%s)', async (kind, told) => {
        const client = CLIENTS[kind];
        const expected = told === "verified" ? 200 : undefined;
        const first = await seen(ports.require, client, { version });
        expect([first.answer.status, first.told]).toEqual([expected, told === "verified" ? told : undefined]);
        const again = await seen(ports.require, client, { version, session: first.answer.session });
        expect(again.answer.status, "with the session of the first").toBe(expected);
      });

      test('a session that was begun where nobody asks, or asks less, opens no door to "require"', async () => {
        for (const kind of ["untrusted", "expired", "none"]) {
          for (const port of [ports.request, ports.plain]) {
            const begun = await ask(port, CLIENTS[kind], { version });
            expect(begun.status).toBe(200);
            expect(
              (await seen(ports.require, CLIENTS[kind], { version, session: begun.session })).answer.status,
            ).toBe(undefined);
          }
        }
      });

      test("certificates by server name ask clients for theirs too", async () => {
        const asked = { version, servername: "other.test" };
        const kinds = ["trusted", "untrusted", "none"];
        const answers = await Promise.all(kinds.map((kind) => ask(ports.require, CLIENTS[kind], asked)));
        expect(answers.map(({ status }) => status)).toEqual([200, undefined, undefined]);
      });
    });

    test("the origin is told the names of the certificate, and the certificate", async () => {
      const client = CLIENTS["trusted"] as Identity;
      const { raw, serialNumber } = new X509Certificate(client.cert);
      const before = origin.exchanges.length;
      await ask(ports.require, client, { version: "TLSv1.3" });
      const exchange = await origin.request(before);
      expect(
        ["x-cert-subject", "x-cert-issuer", "x-cert-serial", "x-cert-fingerprint", "client-cert"].map(
          (name) => exchange.header(name),
        ),
      ).toEqual([
        "CN=worker 1",
        "CN=trusted",
        serialNumber,
        createHash("sha256").update(raw).digest("hex"),
        `:${raw.toString("base64")}:`,
      ]);
    });

    test("what a client says of certificates itself reaches no origin, on any route", async () => {
      const forged = [
        "X-Cert-Status: verified",
        "x-cert-subject: CN=root",
        "Client-Cert: :AAAA:",
        "client-cert-chain: :AAAA:",
      ];
      for (const kind of ["trusted", "none"]) {
        const before = origin.exchanges.length;
        await ask(ports.request, CLIENTS[kind], { version: "TLSv1.3", fields: forged });
        const { section } = await origin.request(before);
        expect(section).not.toMatch(/CN=root|:AAAA:/);
        expect(section.match(/^x-cert-status:/gim)).toHaveLength(1);
      }
      const bare = origin.exchanges.length;
      const socket = connect({
        port: ports.plain,
        host: "127.0.0.1",
        servername: "site.test",
        ca: servers.cert,
      });
      socket.write(
        ["GET /bare HTTP/1.1", "Host: site.test", ...forged, "Connection: close", "", ""].join("\r\n"),
      );
      const { section } = await origin.request(bare);
      expect(section).not.toMatch(/x-cert|client-cert/i);
      socket.destroy();
    });

    test("unverified certificates leave a line", () => {
      expect(child.stderr).toMatch(/a client's certificate does not count: /);
    });

    test("openssl's own client is let in with its certificate, and told what is missing without", async () => {
      const client = CLIENTS["trusted"] as Identity;
      write("client.pem", client.cert);
      write("client.key", client.key);
      const s_client = (...args: readonly string[]): Promise<string> =>
        within(
          new Promise((resolve) => {
            const run = execFile(
              "openssl",
              [
                "s_client",
                "-connect",
                `127.0.0.1:${ports.require}`,
                "-servername",
                "site.test",
                "-ign_eof",
                ...args,
              ],
              { cwd: directory },
              (_, stdout, stderr) => resolve(stdout + stderr),
            );
            run.stdin?.on("error", () => {});
            run.stdin?.end("GET / HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n");
          }),
          "openssl",
        );
      expect(await s_client("-cert", "client.pem", "-key", "client.key")).toContain("HTTP/1.1 200");
      const without = await s_client();
      expect(without).not.toContain("HTTP/1.1");
      // Deno's TLS sends none over a stream, which it has to be put over (`tls-pause`).
      expect(without).toContain(runtime === "deno" ? "unexpected eof" : "alert");
    });

    // Last: it changes the authorities.
    test("an authority that is taken out is trusted by no connection from then on, resumed ones included", async () => {
      const [gone, stays] = [CLIENTS["revoked by removal"], CLIENTS["trusted"]];
      const sessions = new Map<Version, Buffer | undefined>();
      for (const version of VERSIONS) {
        const { status, session } = await ask(ports.require, gone, { version });
        expect(status).toBe(200);
        sessions.set(version, session);
      }
      await reload(trusted.cert);
      for (const version of VERSIONS) {
        expect((await ask(ports.require, gone, { version })).status).toBe(undefined);
        const resumed = await ask(ports.require, gone, { version, session: sessions.get(version) });
        expect(resumed.status).toBe(undefined);
        const { told } = await seen(ports.request, gone, { version, session: sessions.get(version) });
        expect(told).toBe("unverified");
        expect((await ask(ports.require, stays, { version })).status).toBe(200);
      }
      await reload(trusted.cert + strangers.cert);
      for (const version of VERSIONS) {
        expect((await ask(ports.require, CLIENTS["untrusted"], { version })).status).toBe(200);
      }
    });
  });
}
