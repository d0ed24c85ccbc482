import { describe, expect, test } from "vitest";
import { ConfigError } from "../../../src/config/config-error.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { refusals } from "../../../src/config/requirements.ts";
import { showPath } from "../../../src/config/problem.ts";
import { challengeOf } from "../../../src/config/settings/acme.ts";
import type { AcmeInput, Config, ConfigInput } from "../../../src/config/types.ts";
import { DENO_CAPABILITIES } from "../../../runtimes/deno/capabilities.ts";
import { ENGINE_CAPABILITIES } from "../../../runtimes/engine/capabilities.ts";

const ACME: AcmeInput = { domains: "App.Example.com", termsAgreed: true };
const PLAIN = { port: 80 };

const parse = (listen: ConfigInput["listen"]): Config =>
  parseConfig({ listen, routes: [{ respond: { status: 200 } }] });

const problemsOf = (listen: unknown): string[] => {
  try {
    parse(listen as ConfigInput["listen"]);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => `${showPath(path)}: ${message}`);
  }
};

describe("listen.tls.acme", () => {
  test("stands for a certificate and its key", () => {
    const { tls } = parse({ tls: { acme: ACME }, also: [PLAIN] }).listen;
    expect(tls?.acme).toMatchObject({ domains: ["app.example.com"], storage: "acme", keyType: "ecdsa-p256" });
    expect([tls?.cert, tls?.key]).toEqual([undefined, undefined]);
  });

  test("is the only reason to leave them out", () => {
    expect(problemsOf({ tls: {} })).toEqual([
      "listen.tls.cert: missing; expected a certificate as PEM text",
      "listen.tls.key: missing; expected a private key as PEM text",
    ]);
    const cert = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    expect(problemsOf({ tls: { acme: ACME, cert }, also: [PLAIN] })).toEqual([
      "listen.tls.key: missing; expected a private key as PEM text",
    ]);
  });

  test.each<[string, unknown, string]>([
    ["a wildcard", { domains: "*.example.com" }, "a wildcard takes a DNS challenge"],
    ["an address", { domains: ["10.0.0.1"] }, "an address is none"],
    ["terms that are not agreed to", { termsAgreed: false }, "listen.tls.acme.termsAgreed: expected true"],
    [
      "two authorities",
      { staging: true, directory: "https://ca.example/" },
      "leave it out beside `directory`",
    ],
    ["an authority without TLS", { directory: "http://ca.example/" }, "an authority is reached by https"],
    [
      "a key that is none",
      { externalAccount: { keyId: "a", hmacKey: "s3cret!" } },
      "expected a key in base64url",
    ],
  ])("refuses %s", (_, more, message) => {
    const found = problemsOf({ tls: { acme: { ...ACME, ...(more as object) } }, also: [PLAIN] });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(message);
    expect(found[0]).not.toContain("s3cret");
  });

  test("is checked by HTTP where a port has no TLS, else by TLS", () => {
    const asked = { challenge: undefined };
    expect(challengeOf(asked, parse({ tls: { acme: ACME }, also: [PLAIN] }).listen)).toBe("http-01");
    expect(challengeOf(asked, parse({ tls: { acme: ACME } }).listen)).toBe("tls-alpn-01");
  });

  test("can't be checked by HTTP where every port has TLS", () => {
    expect(problemsOf({ tls: { acme: { ...ACME, challenge: "http-01" } } })).toEqual([
      'listen.tls.acme.challenge: no listener is without tls; add { "port": 80 } to `also`',
    ]);
  });

  test.each<[string, ConfigInput["listen"], string]>([
    [
      "said",
      { tls: { acme: { ...ACME, challenge: "tls-alpn-01" } }, also: [PLAIN] },
      "listen.tls.acme.challenge",
    ],
    ["meant", { tls: { acme: ACME } }, "listen"],
  ])("is refused on Deno where a check by TLS is %s", (_, listen, path) => {
    const config = parse(listen);
    const explicit = new Set([path]);
    const deno = { name: "Deno", capabilities: DENO_CAPABILITIES };
    expect(refusals(config, explicit, deno).map((problem) => showPath(problem.path))).toEqual([path]);
    expect(refusals(config, explicit, { name: "Node", capabilities: ENGINE_CAPABILITIES })).toEqual([]);
  });

  test("is unknown to the admin listener", () => {
    const config = { admin: { port: 0, tls: { acme: ACME } }, routes: [{ respond: { status: 200 } }] };
    expect(() => parseConfig(config)).toThrow("admin.tls.acme: unknown key");
  });
});
