import { X509Certificate, createHash, createPrivateKey } from "node:crypto";
// oxlint-disable-next-line import/no-unassigned-import -- the library needs it
import "reflect-metadata";
import { describe, expect, test } from "vitest";
import { AuthorityKeyIdentifierExtension, X509CertificateGenerator } from "@peculiar/x509";
import {
  type KeyType,
  certificateSigningRequest,
  challengeCertificate,
  issueCertificate,
  renewalId,
} from "../../../runtimes/x509.ts";

const NOW = Date.now();

describe("certificates that are made here", () => {
  test("are signed by their issuer, and for names and addresses", async () => {
    const authority = await issueCertificate({ name: "CA=1", names: [], days: 9, isAuthority: true }, NOW);
    const issuer = { name: "CA=1", key: authority.key };
    const site = await issueCertificate(
      {
        name: "a.example",
        names: ["a.example", "*.b.example", "::1", "10.0.0.1"],
        days: 2,
        isAuthority: false,
        issuer,
      },
      NOW,
    );
    const [root, leaf] = [new X509Certificate(authority.cert), new X509Certificate(site.cert)];
    expect(leaf.verify(root.publicKey)).toBe(true);
    expect(leaf.checkIssued(root)).toBe(true);
    expect([root.ca, leaf.ca]).toEqual([true, false]);
    expect(leaf.subjectAltName).toBe(
      "DNS:a.example, DNS:*.b.example, IP Address:0:0:0:0:0:0:0:1, IP Address:10.0.0.1",
    );
    expect(leaf.checkPrivateKey(createPrivateKey(site.key))).toBe(true);
    expect(Date.parse(leaf.validTo) - Date.parse(leaf.validFrom)).toBe(2 * 86_400_000);
  });

  test("answer a challenge by TLS as RFC 8737 has it", async () => {
    const pair = await challengeCertificate({ name: "a.example", keyAuthorization: "token.print" }, NOW);
    const certificate = new X509Certificate(pair.cert);
    expect(certificate.subjectAltName).toBe("DNS:a.example");
    // OID 1.3.6.1.5.5.7.1.31, critical, and the digest as an octet string within the extension's own.
    const digest = createHash("sha256").update("token.print").digest("hex");
    expect(certificate.raw.toString("hex")).toContain(`06082b0601050507011f0101ff04220420${digest}`);
  });

  test.each<[KeyType, string]>([
    ["ecdsa-p256", "prime256v1"],
    ["ecdsa-p384", "secp384r1"],
    ["rsa-2048", "2048"],
  ])("are asked for with a key of the kind %s", async (type, detail) => {
    const { key, request } = await certificateSigningRequest(["a.example"], type);
    const { asymmetricKeyDetails: details } = createPrivateKey(key);
    expect(String(details?.namedCurve ?? details?.modulusLength)).toBe(detail);
    expect(Buffer.from(request).includes("a.example")).toBe(true);
  });

  // The example of RFC 9773 §4.1.
  test("are named by authority and serial number for renewal information", async () => {
    const algorithm = { name: "ECDSA", namedCurve: "P-256" };
    const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const made = await X509CertificateGenerator.createSelfSigned({
      keys,
      serialNumber: "0087654321",
      signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
      extensions: [new AuthorityKeyIdentifierExtension("69885b6b87464041e1b37b847ba0ae2cde01c8d4")],
    });
    expect(renewalId(made.toString("pem"))).toBe("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
  });
});
