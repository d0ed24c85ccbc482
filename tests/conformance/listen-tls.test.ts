/** TLS towards clients, looked at by `openssl s_client` and by Node's own client. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { type Socket, connect as connectPlain } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { within } from "../support/bound.ts";
import { certificate, rsaKey } from "../support/certificate.ts";
import { Child } from "../support/child.ts";
import { RawClient } from "../support/raw-client.ts";
import { RawOrigin } from "../support/raw-origin.ts";
import { RUNTIMES } from "../support/runtimes.ts";
import { ROOT } from "../support/sources.ts";

const binary = (name: string): string => join(ROOT, "node_modules/.bin", name);
const LAUNCHERS: Readonly<Record<string, readonly [command: string, ...args: string[]]>> = {
  node: [binary("node"), join(ROOT, "bin/fairlead.ts")],
  deno: [binary("deno"), "run", "--allow-all", "--quiet", join(ROOT, "bin/fairlead.ts")],
  bun: [binary("bun"), join(ROOT, "bin/fairlead.ts")],
};

const authority = certificate({ name: "authority", authority: true });
const issuer = { name: "authority", key: authority.key };
const siteOf = (name: string, hosts: readonly string[]): { cert: string; key: string } => {
  const { cert, key } = certificate({ name, hosts, issuer });
  return { cert: cert + authority.cert, key };
};

/** What `openssl s_client` says, after `input` was sent. */
const openssl = (args: readonly string[], input = ""): Promise<string> =>
  within(
    new Promise((resolve) => {
      const child = spawn("openssl", ["s_client", ...args]);
      let text = "";
      const read = (data: Buffer): void => void (text += data.toString("latin1"));
      child.stdout.on("data", read);
      child.stderr.on("data", read);
      child.on("close", () => resolve(text));
      child.stdin.on("error", () => {});
      child.stdin.end(input);
    }),
    "openssl",
  );

for (const runtime of RUNTIMES.filter((name) => name in LAUNCHERS)) {
  describe(`TLS to clients on ${runtime}`, () => {
    let directory = "";
    let origin: RawOrigin;
    let child: Child;
    let port = 0;
    let plainPort = 0;
    let modernPort = 0;

    const write = (name: string, { cert, key }: { cert: string; key: string }): void => {
      writeFileSync(join(directory, `${name}.pem`), cert);
      writeFileSync(join(directory, `${name}.key`), key);
      chmodSync(join(directory, `${name}.key`), 0o600);
    };

    beforeAll(async () => {
      directory = mkdtempSync(join(tmpdir(), "fairlead-tls-"));
      origin = await RawOrigin.start();
      write("site", siteOf("site", ["localhost", "site.test"]));
      write("other", siteOf("other", ["other.test"]));
      write("wild", siteOf("wild", ["unused.test"]));
      plainPort = await freePort();
      modernPort = await freePort();
      const config = {
        listen: {
          port: 0,
          host: "127.0.0.1",
          tls: {
            cert: "${file:site.pem}",
            key: "${file:site.key}",
            certificates: [
              { cert: "${file:other.pem}", key: "${file:other.key}" },
              { names: "*.wild.test", cert: "${file:wild.pem}", key: "${file:wild.key}" },
            ],
          },
          timeouts: { header: "2s" },
          also: [
            { port: plainPort, host: "127.0.0.1", redirect: "https" },
            {
              port: modernPort,
              host: "127.0.0.1",
              tls: { cert: "${file:site.pem}", key: "${file:site.key}", profile: "modern", checkHost: false },
            },
          ],
          readyPath: "/ready",
        },
        upstreams: { main: origin.url },
        routes: [
          {
            match: { path: "/scheme" },
            respond: { status: 200, body: "secure" },
            responseHeaders: { set: { "x-scheme": "${request.scheme}" } },
          },
          { match: { path: "/away" }, redirect: { host: "other.test", path: "/x" } },
          { upstream: "main" },
        ],
        securityHeaders: { preset: "strict" },
      };
      writeFileSync(join(directory, "fairlead.json"), JSON.stringify(config));
      const [command = "", ...before] = LAUNCHERS[runtime] ?? [];
      child = new Child("fairlead", command, [...before, "start"], {}, directory);
      const [, printed] = await child.printed(/https:\/\/127\.0\.0\.1:(\d+)/, 20_000);
      port = Number(printed);
    }, 30_000);

    afterAll(async () => {
      child.signal("SIGKILL");
      await origin.stop();
      rmSync(directory, { recursive: true, force: true });
    });

    const at = (): string[] => ["-connect", `127.0.0.1:${port}`];

    /** Common name of the certificate that a client gets. */
    const subjectFor = (servername: string | undefined): Promise<string> =>
      within(
        new Promise((resolve, reject) => {
          const options = servername === undefined ? {} : { servername };
          const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...options }, () => {
            resolve(String(socket.getPeerCertificate().subject.CN));
            socket.destroy();
          });
          socket.on("error", reject);
        }),
        "a handshake",
      );

    const get = (path: string): Promise<{ status: number; fields: Record<string, unknown>; body: string }> =>
      within(
        new Promise((resolve, reject) => {
          const sent = request(
            {
              port,
              host: "127.0.0.1",
              servername: "localhost",
              headers: { host: `localhost:${port}` },
              path,
              ca: authority.cert,
              agent: false,
            },
            (response) => {
              let body = "";
              response.on("data", (data: Buffer) => (body += data.toString()));
              response.on("end", () =>
                resolve({ status: response.statusCode ?? 0, fields: response.headers, body }),
              );
            },
          );
          sent.on("error", reject);
          sent.end();
        }),
        "a response",
      );

    test("a verified request reaches the origin, which learns the scheme", async () => {
      const { status, fields, body } = await get("/");
      expect([status, body]).toEqual([200, "origin"]);
      expect(fields["strict-transport-security"]).toBeDefined();
      const { fields: sent } = (await origin.request()).head;
      expect([sent.get("x-forwarded-proto"), sent.get("x-forwarded-port")]).toEqual(["https", String(port)]);
    });

    test("a template knows the scheme", async () => {
      expect((await get("/scheme")).fields["x-scheme"]).toBe("https");
    });

    test.each(["-tls1_2", "-tls1_3"])(
      "a client without SNI gets the first certificate (%s)",
      async (flag) => {
        const get = "GET /scheme HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n";
        const text = await openssl([...at(), flag, "-noservername", "-ign_eof"], get);
        expect(text).toMatch(/subject=CN ?= ?site$/m);
        expect(text).toContain("HTTP/1.1 200");
      },
    );

    test("a redirect keeps https", async () => {
      expect((await get("/away")).fields["location"]).toMatch(/^https:\/\/other\.test(?::\d+)?\/x$/);
    });

    test.each([
      ["-tls1_2", "TLSv1.2"],
      ["-tls1_3", "TLSv1.3"],
    ])("%s is spoken, with http/1.1 by ALPN", async (flag, version) => {
      const text = await openssl([...at(), flag, "-alpn", "h2,http/1.1", "-servername", "localhost"]);
      expect(text).toContain(version);
      expect(text).toContain("ALPN protocol: http/1.1");
      expect(text).toMatch(/Cipher is (?!\(NONE\))/);
    });

    test.each(["-tls1", "-tls1_1"])("%s is refused", async (flag) => {
      const text = await openssl([...at(), flag, "-cipher", "ALL:@SECLEVEL=0"]);
      expect(text).not.toMatch(/Cipher is (?!\(NONE\))/);
    });

    test("the modern profile speaks TLS 1.3 and nothing older", async () => {
      const at = ["-connect", `127.0.0.1:${modernPort}`, "-servername", "localhost"];
      expect(await openssl([...at, "-tls1_3"])).toMatch(/Cipher is (?!\(NONE\))/);
      expect(await openssl([...at, "-tls1_2"])).not.toMatch(/Cipher is (?!\(NONE\))/);
    });

    interface Asked {
      readonly servername?: string;
      readonly host?: string;
      readonly path?: string;
      readonly at?: number;
      readonly session?: Buffer | undefined;
    }

    /** Status of the answer to a request, its text, and the session. */
    const ask = (
      asked: Asked,
    ): Promise<{ status: number; text: string; session: Buffer | undefined; isReused: boolean }> =>
      within(
        new Promise((resolve, reject) => {
          const { servername, host, path = "/scheme", session } = asked;
          const socket = connect({
            port: asked.at ?? port,
            host: "127.0.0.1",
            rejectUnauthorized: false,
            ...(servername === undefined ? {} : { servername }),
            ...(session === undefined ? {} : { session, maxVersion: "TLSv1.2" as const }),
            ...("session" in asked ? { maxVersion: "TLSv1.2" as const } : {}),
          });
          let text = "";
          let kept: Buffer | undefined;
          let isReused = false;
          socket.on("session", (data: Buffer) => (kept = data));
          socket.on("secureConnect", () => (isReused = socket.isSessionReused()));
          socket.on("data", (data: Buffer) => (text += data.toString()));
          socket.on("error", reject);
          socket.on("close", () =>
            resolve({ status: Number(text.split(" ")[1]), text, session: kept, isReused }),
          );
          const version = host === undefined ? "1.0" : "1.1";
          const field = host === undefined ? "" : `Host: ${host}\r\n`;
          socket.write(`GET ${path} HTTP/${version}\r\n${field}Connection: close\r\n\r\n`);
        }),
        "an answer",
      );

    test.each<[servername: string | undefined, host: string | undefined, status: number]>([
      ["site.test", "site.test", 200],
      ["site.test", "LOCALHOST:8443", 200],
      ["site.test", "site.test.", 200],
      ["site.test", undefined, 200],
      ["site.test", "other.test", 421],
      ["site.test", "127.0.0.1", 421],
      ["site.test", "[::1]", 421],
      ["site.test", "sub.site.test", 421],
      ["other.test", "other.test", 200],
      ["other.test", "site.test", 421],
      ["a.wild.test", "a.wild.test", 200],
      ["a.wild.test", "b.wild.test", 200],
      ["a.wild.test", "unused.test", 200],
      ["a.wild.test", "a.b.wild.test", 421],
      ["a.wild.test", "wild.test", 421],
      ["other.test.", "other.test", 200],
      ["unknown.test", "unknown.test", 421],
      ["unknown.test", "site.test", 200],
      [undefined, "site.test", 200],
      [undefined, "other.test", 421],
    ])(
      "asking %s for %s is answered with %s, by the names of the certificate",
      async (servername, host, status) => {
        const asked = {
          ...(servername === undefined ? {} : { servername }),
          ...(host === undefined ? {} : { host }),
        };
        const { status: found, text } = await ask(asked);
        expect(found).toBe(status);
        expect(text.includes('"code":"host-not-allowed"')).toBe(status === 421);
      },
    );

    test("a session of TLS 1.2 that is resumed has the certificate that it began with", async () => {
      const asked = { servername: "other.test", host: "other.test" };
      const { session } = await ask({ ...asked, session: undefined });
      const again = await ask({ ...asked, session });
      expect([again.status, again.isReused]).toEqual([200, true]);
      for (const host of ["unknown.test", "site.test", "a.wild.test"]) {
        const { status, isReused } = await ask({ ...asked, host, session });
        expect([host, status, isReused]).toEqual([host, 421, true]);
      }
      // One that began without a name has the first certificate.
      const nameless = await ask({ host: "site.test", session: undefined });
      for (const [host, status] of [
        ["site.test", 200],
        ["other.test", 421],
      ] as const) {
        expect((await ask({ host, session: nameless.session })).status).toBe(status);
      }
    });

    test("the ready page, and a listener that does not check, answer whatever the host", async () => {
      expect((await ask({ servername: "site.test", host: "10.0.0.1", path: "/ready" })).status).toBe(200);
      expect((await ask({ servername: "site.test", host: "10.0.0.1", at: modernPort })).status).toBe(200);
    });

    test("the chain is sent", async () => {
      const text = await openssl([...at(), "-showcerts", "-servername", "localhost"]);
      expect(text.match(/-----BEGIN CERTIFICATE-----/g)?.length).toBeGreaterThanOrEqual(2);
    });

    test.each([
      ["site.test", "site"],
      ["other.test", "other"],
      ["OTHER.test", "other"],
      ["other.test.", "other"],
      ["a.wild.test", "wild"],
      ["a.b.wild.test", "site"],
      ["unknown.test", "site"],
      [undefined, "site"],
    ])("a client that asks for %s gets the certificate of %s", async (name, subject) => {
      expect(await subjectFor(name)).toBe(subject);
    });

    test.each(["-tls1_2", "-tls1_3"])("a session is resumed (%s)", async (flag) => {
      const file = join(directory, `session${flag}`);
      const get = "GET /scheme HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
      const args = [...at(), flag, "-servername", "localhost", "-ign_eof"];
      await openssl([...args, "-sess_out", file], get);
      expect(await openssl([...args, "-sess_in", file], get)).toMatch(/^Reused, /m);
    });

    test("the plain port redirects to https and does nothing else", async () => {
      const client = await RawClient.connect(plainPort);
      await client.send("POST /a?b=c HTTP/1.1\r\nHost: site.test\r\nContent-Length: 0\r\n\r\n");
      const { status, fields } = await client.response();
      expect(status).toBe(308);
      expect(fields.get("location")).toMatch(/^https:\/\/site\.test(?::\d+)?\/a\?b=c$/);
      client.close();
    });

    test("TLS on the plain port leaves a line", async () => {
      const text = await openssl(["-connect", `127.0.0.1:${plainPort}`]);
      expect(text).not.toMatch(/Cipher is (?!\(NONE\))/);
      await expect.poll(() => child.stderr).toMatch(/speaks TLS on/);
    });

    test("plain HTTP on the port leaves a line and harms nobody", async () => {
      const socket = connectPlain({ port, host: "127.0.0.1" });
      socket.on("error", () => {});
      socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
      await within(new Promise((resolve) => socket.on("close", resolve)), "the connection to end");
      await expect.poll(() => child.stderr).toMatch(/plain HTTP/);
      expect((await get("/scheme")).body).toBe("secure");
    });

    /** A connection on which `bytes` came instead of a handshake. */
    const begun = async (bytes: Uint8Array): Promise<Socket> => {
      const socket = connectPlain({ port, host: "127.0.0.1" });
      socket.on("error", () => {});
      await within(once(socket, "connect"), "a connection");
      socket.write(bytes);
      return socket;
    };

    /** Milliseconds until the other side closes. */
    const closedAfter = async (socket: Socket): Promise<number> => {
      const startedAt = performance.now();
      socket.resume();
      await within(once(socket, "close"), "the connection to be closed");
      return performance.now() - startedAt;
    };

    const PARTIAL_HELLO = Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3);

    test("a handshake that stops is given up at listen.timeouts.header", async () => {
      const [silent, partial] = await Promise.all([begun(new Uint8Array()), begun(PARTIAL_HELLO)]);
      const [one, other] = await Promise.all([closedAfter(silent), closedAfter(partial)]);
      expect(Math.min(one, other)).toBeGreaterThan(1_500);
      expect(Math.max(one, other)).toBeLessThan(4_000);
    });

    test("a client that ends its side within the handshake is gone at once", async () => {
      const socket = connectPlain({ port, host: "127.0.0.1", allowHalfOpen: true });
      await within(once(socket, "connect"), "a connection");
      socket.end(PARTIAL_HELLO);
      expect(await closedAfter(socket)).toBeLessThan(1_000);
    });

    test("resets and noise within handshakes end nobody else's connection, nor the process", async () => {
      const noise = [
        PARTIAL_HELLO,
        Buffer.alloc(600, 0x16),
        Buffer.alloc(20_000, "noise"),
        Uint8Array.of(0x16),
      ];
      for (let turn = 0; turn < 10; turn++) {
        for (const bytes of noise) (await begun(bytes)).resetAndDestroy();
        const left = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
        left.on("error", () => {});
        await within(once(left, "secureConnect"), "a handshake");
        left.destroy();
      }
      expect((await get("/scheme")).body).toBe("secure");
      expect(child.exit).toBeUndefined();
    });

    test("a client can't ask for a new handshake on its connection", async () => {
      const options = { port, host: "127.0.0.1", rejectUnauthorized: false, maxVersion: "TLSv1.2" } as const;
      const socket = connect(options);
      socket.on("error", () => {});
      await within(once(socket, "secureConnect"), "a handshake");
      const outcome = new Promise((resolve) => {
        socket.once("close", () => resolve("closed"));
        socket.renegotiate({}, (error) => resolve(error === null ? "renegotiated" : "refused"));
        setTimeout(() => resolve("ignored"), 1_000);
      });
      expect(await outcome).not.toBe("renegotiated");
      socket.destroy();
      expect((await get("/scheme")).body).toBe("secure");
    });

    test("a client that ends its side behind its request still gets the answer, as without TLS", async () => {
      const plain = connectPlain({ port, host: "127.0.0.1", allowHalfOpen: true });
      const socket = connect({ socket: plain, rejectUnauthorized: false });
      await within(once(socket, "secureConnect"), "a handshake");
      let text = "";
      socket.on("data", (data: Buffer) => (text += data.toString()));
      socket.write("GET /scheme HTTP/1.1\r\nHost: localhost\r\n\r\n");
      await expect.poll(() => text).toContain("secure");
      socket.end("GET /scheme HTTP/1.1\r\nHost: localhost\r\n\r\n");
      await within(once(socket, "close"), "the connection to end");
      expect(text.match(/secure/g)?.length).toBe(2);
    });

    test("certificates are exchanged without a failed request, and a bad one is not taken", async () => {
      const over = new AbortController();
      const statuses: number[] = [];
      const load = Array.from({ length: 4 }, async () => {
        while (!over.signal.aborted) statuses.push((await get("/scheme")).status);
      });
      write("site", siteOf("exchanged", ["localhost"]));
      await expect.poll(() => subjectFor("localhost"), { timeout: 8_000 }).toBe("exchanged");
      writeFileSync(join(directory, "site.pem"), "nothing");
      await expect.poll(() => child.stderr, { timeout: 8_000 }).toMatch(/the config before goes on/);
      const { cert, key } = certificate({ name: "short", hosts: ["localhost"], key: rsaKey(512) });
      write("site", { cert, key });
      await expect.poll(() => child.stderr, { timeout: 8_000 }).toMatch(/RSA key has 512 bits/);
      expect(await subjectFor("localhost")).toBe("exchanged");
      over.abort();
      await Promise.all(load);
      expect(new Set(statuses)).toEqual(new Set([200]));
    });
  });
}
