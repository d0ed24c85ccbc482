/** Where a snippet of docs/migrating.md runs: loopback, free ports and a directory of its own stand in for the page's. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { certificate } from "../certificate.ts";
import { freePort } from "../free-port.ts";
import type { PlainOrigin } from "./plain-origin.ts";

export interface Place {
  readonly directory: string;
  /** Where the snippet's listener is. */
  readonly port: number;
  readonly origins: readonly [PlainOrigin, PlainOrigin];
  /** The snippet with this place's ports, addresses, files and times. */
  at(snippet: string): string;
  /** The certificate that is trusted. */
  readonly authority: string;
  /** What stands in the access log; "" where there is none. */
  logged(): string;
  remove(): void;
}

const site = certificate({ hosts: ["example.test"] });

export const place = async (origins: readonly [PlainOrigin, PlainOrigin]): Promise<Place> => {
  const directory = mkdtempSync(join(tmpdir(), "fairlead-migrating-"));
  // nginx's workers give up root's rights.
  chmodSync(directory, 0o777);
  const port = await freePort();
  const spare = await freePort();
  writeFileSync(join(directory, "site.pem"), site.cert);
  for (const name of ["site.key", "site.pem.key"]) {
    writeFileSync(join(directory, name), site.key, { mode: 0o600 });
  }
  const [first, second] = origins;
  const changes: readonly (readonly [RegExp, string])[] = [
    [/10\.0\.0\.1:3000/g, `127.0.0.1:${first.port}`],
    [/10\.0\.0\.2:3000/g, `127.0.0.1:${second.port}`],
    [/10\.0\.0\.0\/8/g, "127.0.0.0/8"],
    [/^( *)listen (?:80|443)\b/gm, `$1listen 127.0.0.1:${port}`],
    [/^:(?:80|443) \{/gm, `:${port} {`],
    [/\bbind :(?:80|443)\b/g, `bind 127.0.0.1:${port}`],
    [/"port": 80,/g, `"port": ${spare}, "host": "127.0.0.1",`],
    [/\/etc\/fairlead/g, directory],
    [/\/var\/log\/fairlead/g, directory],
    [/\b15s\b/g, "1s"],
    [/\b15_000\b/g, "1000"],
    [/\$\{env:STICKY_SECRET\}/g, "a secret of this test"],
  ];
  return {
    directory,
    port,
    origins,
    authority: site.cert,
    at: (snippet) => changes.reduce((text, [from, to]) => text.replaceAll(from, to), snippet),
    logged: () => {
      const file = join(directory, "access.log");
      return existsSync(file) ? readFileSync(file, "utf8") : "";
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
};
