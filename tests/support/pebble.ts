/** A real ACME authority on loopback: Let's Encrypt's Pebble, and the name server that comes with it. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { get } from "node:https";
import { text } from "node:stream/consumers";
import { AuthorityFront } from "./authority-front.ts";
import { certificate } from "./certificate.ts";
import { Child } from "./child.ts";
import { freePort } from "./free-port.ts";

/** Where Pebble is, if it is. */
export const pebbleBinary = (): string | undefined =>
  ["/usr/bin/pebble", "/usr/local/bin/pebble", "/opt/homebrew/bin/pebble"].find((place) => existsSync(place));

export interface PebbleOptions {
  /** Lifetime of its certificates, in seconds. */
  readonly validity: number;
  /** Share of good nonces that it refuses, in percent. @default 20 */
  readonly refusedNonces?: number;
  /** Keys of accounts that new ones have to be bound to. @default none */
  readonly externalKeys?: Readonly<Record<string, string>>;
}

export interface Pebble {
  readonly front: AuthorityFront;
  readonly directory: string;
  /** Ports at which it checks names, which all lead to 127.0.0.1. */
  readonly httpPort: number;
  readonly tlsPort: number;
  /** Certificate that its own are signed by in the end, PEM. */
  readonly root: string;
  /** What it printed. */
  readonly said: () => string;
  stop(): Promise<void>;
}

const LONGEST_MS = 30_000;

export const startPebble = async (binary: string, options: PebbleOptions): Promise<Pebble> => {
  const { validity, refusedNonces = 20, externalKeys } = options;
  const folder = mkdtempSync(join(tmpdir(), "fairlead-pebble-"));
  const [port, managementPort, httpPort, tlsPort, dnsPort, namesPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const own = certificate({ hosts: ["127.0.0.1"] });
  const at = (name: string): string => join(folder, name);
  writeFileSync(at("cert.pem"), own.cert);
  writeFileSync(at("key.pem"), own.key);
  const config = {
    pebble: {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${managementPort}`,
      certificate: at("cert.pem"),
      privateKey: at("key.pem"),
      httpPort,
      tlsPort,
      ocspResponderURL: "",
      externalAccountBindingRequired: externalKeys !== undefined,
      externalAccountMACKeys: externalKeys ?? {},
      certificateValidityPeriod: validity,
    },
  };
  writeFileSync(at("pebble.json"), JSON.stringify(config));
  const names = new Child("pebble-challtestsrv", `${binary}-challtestsrv`, [
    "-defaultIPv6=",
    "-http01=",
    "-https01=",
    "-tlsalpn01=",
    `-dns01=127.0.0.1:${dnsPort}`,
    `-management=127.0.0.1:${namesPort}`,
  ]);
  const pebble = new Child(
    "pebble",
    binary,
    ["-config", at("pebble.json"), "-dnsserver", `127.0.0.1:${dnsPort}`],
    {
      PEBBLE_VA_NOSLEEP: "1",
      PEBBLE_WFE_NONCEREJECT: String(refusedNonces),
      // Each order is checked anew.
      PEBBLE_AUTHZREUSE: "0",
    },
  );
  await pebble.printed(/ACME directory available/, LONGEST_MS);
  const root = await rootOf(managementPort);
  const front = await AuthorityFront.start(port);
  return {
    front,
    directory: `${front.url}/dir`,
    httpPort,
    tlsPort,
    root,
    said: () => pebble.stdout,
    async stop() {
      await front.stop();
      for (const child of [pebble, names]) child.signal("SIGTERM");
      for (const child of [pebble, names]) await child.ended();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** Its listeners open a moment after it says so. */
const rootOf = async (port: number): Promise<string> => {
  const options = { host: "127.0.0.1", port, path: "/roots/0", rejectUnauthorized: false };
  for (let tries = 0; ; tries++) {
    try {
      return await new Promise<string>((resolve, reject) => {
        get(options, (response) => void text(response).then(resolve, reject)).on("error", reject);
      });
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
};
