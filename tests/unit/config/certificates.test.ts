import { describe, expect, it } from "vitest";
import type { InspectTls } from "../../../src/core/tls-inspection.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { ConfigError } from "../../../src/config/config-error.ts";
import { refuseUnsupported } from "../../../runtimes/refuse.ts";
import { memoryPlatform } from "../../../runtimes/memory/mod.ts";
import { reportOf, type Sources } from "../../support/config-files.ts";

const CERT = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const KEY = "-----BEGIN PRIVATE KEY-----\nBBBB\n-----END PRIVATE KEY-----\n";
const TEXT = `{
  "upstreams": { "my.api": {
    "endpoints": "https://a",
    "tls": { "cert": "\${file:site.pem}", "key": "\${file:site.key}" },
  } },
}`;
const FILES = { "fairlead.json": TEXT, "site.pem": CERT, "site.key": KEY };

const report = (
  inspect: InspectTls,
  mode: number | undefined,
  files: Sources["files"] = FILES,
  isOwnGroup = false,
): Promise<string> => {
  const access = mode === undefined ? undefined : { mode, isOwnGroup };
  return reportOf({ files, certificates: { inspect, accessTo: () => Promise.resolve(access) } });
};

const nothing: InspectTls = () => [];

describe("certificates of a config", () => {
  it("are looked at with their references resolved", async () => {
    const seen: unknown[] = [];
    await report((texts) => (seen.push(texts), []), 0o100600);
    expect(seen).toEqual([{ ca: undefined, cert: CERT.trimEnd(), key: KEY.trimEnd() }]);
  });

  it("are blamed where they stand", async () => {
    const shown = await report(() => [{ setting: "key", message: "does not match" }], 0o100600);
    expect(shown).toBe(`The config has a problem:

fairlead.json:4:49: upstreams["my.api"].tls.key: does not match
  4 |     "tls": { "cert": "\${file:site.pem}", "key": "\${file:site.key}" },
    |                                                 ^^^^^^^^^^^^^^^^^^
`);
  });

  it("are blamed beside other problems, once for each setting", async () => {
    const files = {
      ...FILES,
      "fairlead.json": TEXT.replace('"tls"', '"blance": "random", "tls"'),
      "site.key": "x",
    };
    const shown = await report(
      () => [
        { setting: "cert", message: "has expired" },
        { setting: "key", message: "can't be parsed" },
      ],
      0o100600,
      files,
    );
    expect(shown).toContain("3 problems");
    expect(shown).toContain("tls.cert: has expired");
    expect(shown).toContain("tls.key: expected a private key as PEM text");
  });

  it.each([0o100644, 0o100640, 0o100604])(
    "must not have a key that others may read (mode %o)",
    async (mode) => {
      expect(await report(nothing, mode)).toContain(
        'fairlead.json:4:49: upstreams["my.api"].tls.key: others than its owner may read /site/site.key; run "chmod 600 /site/site.key"\n',
      );
    },
  );

  it("may have a key that the process's own group may read, as Kubernetes' fsGroup gives it", async () => {
    expect(await report(nothing, 0o100640, FILES, true)).toBe("accepted");
    expect(await report(nothing, 0o100644, FILES, true)).toContain("others than its owner may read");
  });

  it.each([0o100600, 0o100400, undefined])(
    "may have a key that nobody else may read (mode %o)",
    async (mode) => {
      expect(await report(nothing, mode)).toBe("accepted");
    },
  );

  it("are refused by a platform that can't use them", () => {
    const config = parseConfig({
      upstreams: { a: { endpoints: "https://a", tls: { cert: CERT, key: KEY } } },
    });
    const platform = {
      ...memoryPlatform(),
      inspectTls: () => [{ setting: "cert", message: "has expired" }] as const,
    };
    expect(() => refuseUnsupported(config, platform)).toThrow(
      new ConfigError([{ path: ["upstreams", "a", "tls", "cert"], at: "value", message: "has expired" }]),
    );
  });
});
