import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { X509Certificate } from "node:crypto";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { certificateNames } from "../../../src/edge/distinguished-name.ts";
import { certificate } from "../../support/certificate.ts";

let directory = "";
beforeAll(() => void (directory = mkdtempSync(join(tmpdir(), "fairlead-names-"))));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const openssl = (...args: readonly string[]): string =>
  execFileSync("openssl", args, { cwd: directory, stdio: ["ignore", "pipe", "ignore"] }).toString();

const derOf = (pem: string): Uint8Array => new X509Certificate(pem).raw;

/** A self-signed certificate with this subject, in the notation of `openssl req -subj`. */
const withSubject = (subject: string, ...more: readonly string[]): string =>
  openssl(
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-keyout",
    "/dev/null",
    "-utf8",
    "-subj",
    subject,
    ...more,
  );

describe("the names of a certificate", () => {
  it.each([
    "/CN=worker",
    '/C=SE/ST=Skåne/L=Lund/O=Example, Inc. + Co/OU=a<b>c;d/CN=\\#1 \\"x\\" ',
    "/DC=com/DC=example/UID=42/emailAddress=a@b.test/serialNumber=7/street=a\\/b/title=Dr/GN=Åsa/SN=Öst",
    "/O=日本/CN=\\\\back=slash",
    "/1.2.3.4.5=hidden/CN=x",
    "/CN=a+OU=b/O=c",
    "/CN=\uFEFFadmin",
  ])("are written as OpenSSL writes them: %s", (subject) => {
    const pem = withSubject(subject, ...(subject.includes("a+OU") ? ["-multivalue-rdn"] : []));
    writeFileSync(join(directory, "c.pem"), pem);
    const [, expected] =
      /^subject=(.*)$/m.exec(openssl("x509", "-in", "c.pem", "-noout", "-subject", "-nameopt", "RFC2253")) ??
      [];
    const [, serial] = /^serial=(.*)$/m.exec(openssl("x509", "-in", "c.pem", "-noout", "-serial")) ?? [];
    const names = certificateNames(derOf(pem));
    expect(names).toEqual({ subject: expected, issuer: expected, serial });
  });

  it("tell identifiers apart whose numbers are larger than doubles count", () => {
    const element = (tag: number, ...content: readonly (readonly number[])[]): number[] => {
      const bytes = content.flat();
      return [tag, bytes.length, ...bytes];
    };
    const numbers = (...values: readonly bigint[]): number[] =>
      values.flatMap((value) => {
        const groups = value.toString(2).padStart(Math.ceil(value.toString(2).length / 7) * 7, "0");
        const sevens = groups.match(/.{7}/g) ?? [];
        return sevens.map((bits, i) => Number.parseInt(bits, 2) | (i < sevens.length - 1 ? 0x80 : 0));
      });
    const subjectOf = (...values: readonly bigint[]): string => {
      const attribute = element(0x30, element(0x06, numbers(...values)), element(0x0c, [0x78]));
      const name = element(0x30, element(0x31, attribute));
      const fields = element(0x30, element(0x02, [1]), element(0x30), name, element(0x30), name);
      return certificateNames(Uint8Array.from(element(0x30, fields))).subject;
    };
    expect(subjectOf(105n, 2n ** 127n + 1n)).toBe(`2.25.${2n ** 127n + 1n}=#0C0178`);
    expect(subjectOf(105n, 2n ** 127n)).toBe(`2.25.${2n ** 127n}=#0C0178`);
    expect([subjectOf(39n, 5n), subjectOf(40n, 5n), subjectOf(1_079n)]).toEqual([
      "0.39.5=#0C0178",
      "1.0.5=#0C0178",
      "2.999=#0C0178",
    ]);
  });

  it("tell subject and issuer apart, in both versions", () => {
    const authority = certificate({ name: "authority" });
    const issuer = { name: "authority", key: authority.key };
    for (const version of [1, 3] as const) {
      const { cert } = certificate({ name: "worker", issuer, version });
      expect(certificateNames(derOf(cert))).toMatchObject({ subject: "CN=worker", issuer: "CN=authority" });
    }
  });

  it("are never read out of a cut or garbled certificate without its being noticed", () => {
    const der = derOf(certificate({ name: "worker" }).cert);
    for (let length = 0; length < der.length; length++) {
      expect(() => certificateNames(der.subarray(0, length))).toThrow(TypeError);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(() => certificateNames(bytes)).toThrow(TypeError);
      }),
    );
  });
});
