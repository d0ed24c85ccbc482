/** Certificates for development (RFC 5280): an authority, and server certificates that it has signed. ECDSA on P-256. */
import {
  type KeyObject,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
} from "node:crypto";
import { isIP } from "node:net";
import type { CertificateRequest, PemPair } from "../cli/host.ts";

/** A DER element (X.690 §8.1). */
const der = (tag: number, ...contents: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(contents);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};

const [BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, OID, UTF8, UTC_TIME, SEQUENCE, SET] = [
  0x01, 0x02, 0x03, 0x04, 0x06, 0x0c, 0x17, 0x30, 0x31,
] as const;
const [VERSION, EXTENSIONS] = [0xa0, 0xa3] as const;
const [KEY_ID, DNS_NAME, IP_ADDRESS] = [0x80, 0x82, 0x87] as const;

const oid = (hex: string): Buffer => der(OID, Buffer.from(hex, "hex"));
const bytes = (...values: readonly number[]): Buffer => Buffer.from(values);
const TRUE = der(BOOLEAN, bytes(0xff));
const ECDSA_WITH_SHA256 = der(SEQUENCE, oid("2a8648ce3d040302"));
const SERVER_AUTH = oid("2b06010505070301");

const extension = (id: string, isCritical: boolean, value: Buffer): Buffer =>
  der(SEQUENCE, oid(`551d${id}`), ...(isCritical ? [TRUE] : []), der(OCTET_STRING, value));

const commonName = (text: string): Buffer =>
  der(SEQUENCE, der(SET, der(SEQUENCE, oid("550403"), der(UTF8, Buffer.from(text)))));

/** Until 2049 (RFC 5280 §4.1.2.5.1). */
const utcTime = (ms: number): Buffer => {
  const digits = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+Z/g, "");
  return der(UTC_TIME, Buffer.from(`${digits.slice(2)}Z`));
};

const addressBytes = (address: string): Buffer => {
  if (isIP(address) === 4) return Buffer.from(address.split(".").map(Number));
  // The URL parser writes any IPv6 address in one form, of which only `::` is left to fill in.
  const [before = "", after] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split("::");
  const words = (text: string | undefined): string[] =>
    text === undefined || text === "" ? [] : text.split(":");
  const [front, back] = [words(before), words(after)];
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => "0");
  return Buffer.from([...front, ...zeros, ...back].map((word) => word.padStart(4, "0")).join(""), "hex");
};

const generalName = (name: string): Buffer =>
  isIP(name) === 0 ? der(DNS_NAME, Buffer.from(name)) : der(IP_ADDRESS, addressBytes(name));

/** An uncompressed point of P-256 is what the public key ends with. */
const keyId = (publicKey: Buffer): Buffer => createHash("sha1").update(publicKey.subarray(-65)).digest();

const spkiOf = (key: KeyObject): Buffer => createPublicKey(key).export({ type: "spki", format: "der" });

const extensionsOf = (
  { names, isAuthority }: CertificateRequest,
  own: Buffer,
  issuer: Buffer,
): readonly Buffer[] => [
  extension("0e", false, der(OCTET_STRING, keyId(own))),
  extension("23", false, der(SEQUENCE, der(KEY_ID, keyId(issuer)))),
  ...(isAuthority
    ? [
        extension("13", true, der(SEQUENCE, TRUE)),
        // keyCertSign, cRLSign
        extension("0f", true, der(BIT_STRING, bytes(1, 0x06))),
      ]
    : [
        extension("13", true, der(SEQUENCE)),
        // digitalSignature
        extension("0f", true, der(BIT_STRING, bytes(7, 0x80))),
        extension("25", false, der(SEQUENCE, SERVER_AUTH)),
        extension("11", false, der(SEQUENCE, ...names.map(generalName))),
      ]),
];

const pem = (label: string, content: Buffer): string =>
  `-----BEGIN ${label}-----\n${content.toString("base64").replaceAll(/.{64}/g, "$&\n").trim()}\n-----END ${label}-----\n`;

/** A new key and a certificate for it, valid from `now` on. */
export const issueCertificate = (request: CertificateRequest, now: number): PemPair => {
  const { privateKey: key } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const signer = request.issuer === undefined ? key : createPrivateKey(request.issuer.key);
  const own = spkiOf(key);
  const body = der(
    SEQUENCE,
    der(VERSION, der(INTEGER, bytes(2))),
    der(INTEGER, Buffer.concat([bytes(1), randomBytes(15)])),
    ECDSA_WITH_SHA256,
    commonName(request.issuer?.name ?? request.name),
    der(SEQUENCE, utcTime(now), utcTime(now + request.days * 86_400_000)),
    commonName(request.name),
    own,
    der(EXTENSIONS, der(SEQUENCE, ...extensionsOf(request, own, spkiOf(signer)))),
  );
  const signature = der(BIT_STRING, bytes(0), sign("sha256", body, signer));
  return {
    cert: pem("CERTIFICATE", der(SEQUENCE, body, ECDSA_WITH_SHA256, signature)),
    key: key.export({ type: "pkcs8", format: "pem" }),
  };
};
