/** Keys, certificates and requests for certificates (RFC 5280, RFC 2986). Imported where one is made, because it takes its time. */
// oxlint-disable-next-line import/no-unassigned-import -- adds to `Reflect` what the library is made with
import "reflect-metadata";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { AcmeConfig } from "../src/config/types.ts";
import { normaliseAddress } from "../src/http/address.ts";

/** A certificate and its private key, as PEM texts. */
export interface PemPair {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateRequest {
  /** Common name. */
  readonly name: string;
  /** Host names and addresses that it is for. */
  readonly names: readonly string[];
  readonly days: number;
  /** Whether it signs others. */
  readonly isAuthority: boolean;
  /** Who signs it. @default itself */
  readonly issuer?: { readonly name: string; readonly key: string };
}

/** Kind of a key. */
export type KeyType = AcmeConfig["keyType"];

type Keys = CryptoKeyPair;

const ecdsa = (namedCurve: string): EcKeyGenParams => ({ name: "ECDSA", namedCurve });
const rsa = (modulusLength: number): RsaHashedKeyGenParams => ({
  name: "RSASSA-PKCS1-v1_5",
  hash: "SHA-256",
  publicExponent: Uint8Array.of(1, 0, 1),
  modulusLength,
});

const ALGORITHMS: Readonly<Record<KeyType, EcKeyGenParams | RsaHashedKeyGenParams>> = {
  "ecdsa-p256": ecdsa("P-256"),
  "ecdsa-p384": ecdsa("P-384"),
  "rsa-2048": rsa(2048),
  "rsa-4096": rsa(4096),
};

const generateKeys = (type: KeyType): Promise<Keys> =>
  crypto.subtle.generateKey(ALGORITHMS[type], true, ["sign", "verify"]);

const keyPem = async ({ privateKey }: Keys): Promise<string> =>
  `${PemConverter.encode(await crypto.subtle.exportKey("pkcs8", privateKey), "PRIVATE KEY")}\n`;

/** Of a key that this module has made for an authority. */
const keysFromPem = async (pem: string): Promise<Keys> => {
  const { algorithm, usages } = { algorithm: ecdsa("P-256"), usages: ["sign"] as const };
  const privateKey = await crypto.subtle.importKey(
    "pkcs8",
    PemConverter.decodeFirst(pem),
    algorithm,
    true,
    usages,
  );
  const { d: _, key_ops: __, ...jwk } = await crypto.subtle.exportKey("jwk", privateKey);
  return { privateKey, publicKey: await crypto.subtle.importKey("jwk", jwk, algorithm, true, ["verify"]) };
};

const certificatePem = (certificate: X509Certificate): string => `${certificate.toString("pem")}\n`;

const SHA_256 = { hash: "SHA-256" } as const;

/** As the library reads a name, without its syntax. */
const commonName = (name: string): { CN: string[] }[] => [{ CN: [name] }];

const alternativeNames = (names: readonly string[]): SubjectAlternativeNameExtension =>
  new SubjectAlternativeNameExtension(
    names.map((value): JsonGeneralName => ({
      type: normaliseAddress(value) === undefined ? "dns" : "ip",
      value,
    })),
  );

const usageExtensions = ({ names, isAuthority }: CertificateRequest): readonly Extension[] =>
  isAuthority
    ? [
        new BasicConstraintsExtension(true, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ]
    : [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        alternativeNames(names),
      ];

const DAY_MS = 86_400_000;

/** A new key (ECDSA on P-256) and a certificate for it, valid from `now` on. */
export const issueCertificate = async (request: CertificateRequest, now: number): Promise<PemPair> => {
  const { name, days, issuer } = request;
  const keys = await generateKeys("ecdsa-p256");
  const signer = issuer === undefined ? keys : await keysFromPem(issuer.key);
  const certificate = await X509CertificateGenerator.create({
    subject: commonName(name),
    issuer: commonName(issuer?.name ?? name),
    notBefore: new Date(now),
    notAfter: new Date(now + days * DAY_MS),
    publicKey: keys.publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm: { name: "ECDSA", ...SHA_256 },
    extensions: [
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(signer.publicKey),
      ...usageExtensions(request),
    ],
  });
  return { cert: certificatePem(certificate), key: await keyPem(keys) };
};

/** A new key, as PEM text, and a request for a certificate of it for `names`, in DER. */
export const certificateSigningRequest = async (
  names: readonly string[],
  type: KeyType,
): Promise<{ readonly key: string; readonly request: Uint8Array }> => {
  const keys = await generateKeys(type);
  const request = await Pkcs10CertificateRequestGenerator.create({
    keys,
    signingAlgorithm: { name: ALGORITHMS[type].name, ...SHA_256 },
    extensions: [alternativeNames(names)],
  });
  return { key: await keyPem(keys), request: new Uint8Array(request.rawData) };
};

const ACME_IDENTIFIER = "1.3.6.1.5.5.7.1.31";
const OCTET_STRING = 0x04;

/** The certificate that proves to an authority by TLS that `name` leads here (RFC 8737 §3). */
export const challengeCertificate = async (
  { name, keyAuthorization }: { readonly name: string; readonly keyAuthorization: string },
  now: number,
): Promise<PemPair> => {
  const keys = await generateKeys("ecdsa-p256");
  const digest = new Uint8Array(
    await crypto.subtle.digest("SHA-256", new TextEncoder().encode(keyAuthorization)),
  );
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: commonName(name),
    keys,
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + DAY_MS),
    signingAlgorithm: { name: "ECDSA", ...SHA_256 },
    extensions: [
      alternativeNames([name]),
      new Extension(ACME_IDENTIFIER, true, Uint8Array.of(OCTET_STRING, digest.length, ...digest)),
    ],
  });
  return { cert: certificatePem(certificate), key: await keyPem(keys) };
};

const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));

/** A serial number as DER writes it: with a zero byte in front where the first bit is set, which would make it negative. The library leaves that byte out. */
const positive = (hex: string): string => (/^[89a-f]/i.test(hex) ? `00${hex}` : hex);

/** How renewal information names the first certificate of `chain` (RFC 9773 §4.1); undefined where it can't be named. */
export const renewalId = (chain: string): string | undefined => {
  const certificate = new X509Certificate(PemConverter.decodeFirst(chain));
  const { keyId } = certificate.getExtension(AuthorityKeyIdentifierExtension) ?? {};
  if (keyId === undefined) return undefined;
  const base64Url = (hex: string): string => Buffer.from(fromHex(hex)).toString("base64url");
  return `${base64Url(keyId)}.${base64Url(positive(certificate.serialNumber))}`;
};
