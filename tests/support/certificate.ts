/** Certificates made on the spot, so that none expires and no private key lies in the repository. */
import {
  type KeyObject,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
} from "node:crypto";

const der = (tag: number, ...contents: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(contents);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};

const [SEQUENCE, SET, OID, UTF8, INTEGER, BITS, OCTETS, BOOLEAN, TIME, CONTEXT_0, CONTEXT_3] = [
  0x30, 0x31, 0x06, 0x0c, 0x02, 0x03, 0x04, 0x01, 0x18, 0xa0, 0xa3,
] as const;
const [DNS_NAME, IP_ADDRESS] = [0x82, 0x87] as const;

const oid = (hex: string): Buffer => der(OID, Buffer.from(hex, "hex"));

const ALGORITHMS: Readonly<Record<string, Buffer>> = {
  ec: der(SEQUENCE, oid("2a8648ce3d040302")),
  rsa: der(SEQUENCE, oid("2a864886f70d01010b"), der(0x05)),
};

const time = (ms: number): Buffer =>
  der(TIME, Buffer.from(`${new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+Z/g, "")}Z`));

const pem = (label: string, content: Buffer): string =>
  `-----BEGIN ${label}-----\n${content.toString("base64").replaceAll(/.{64}/g, "$&\n").trim()}\n-----END ${label}-----\n`;

export interface CertificateOptions {
  /** @default ECDSA on P-256 */
  readonly key?: KeyObject;
  /** Milliseconds since 1970. @default from an hour ago to in an hour */
  readonly from?: number;
  readonly to?: number;
  /** X.509 version. @default 3 */
  readonly version?: 1 | 3;
  /** Common name. @default "fairlead test" */
  readonly name?: string;
  /** Host names and IPv4 addresses that it is for. @default none */
  readonly hosts?: readonly string[];
  /** Whether it may sign others. @default false */
  readonly authority?: boolean;
  /** @default itself */
  readonly issuer?: { readonly name: string; readonly key: string };
}

const HOUR_MS = 3_600_000;

/** A private key on a curve, ECDSA. */
export const curveKey = (namedCurve = "P-256"): KeyObject =>
  generateKeyPairSync("ec", { namedCurve }).privateKey;

/** A private RSA key. */
export const rsaKey = (modulusLength: number): KeyObject =>
  generateKeyPairSync("rsa", { modulusLength }).privateKey;

const nameOf = (text: string): Buffer =>
  der(SEQUENCE, der(SET, der(SEQUENCE, oid("550403"), der(UTF8, Buffer.from(text)))));

const hostOf = (host: string): Buffer =>
  /^[\d.]+$/.test(host)
    ? der(IP_ADDRESS, Buffer.from(host.split(".").map(Number)))
    : der(DNS_NAME, Buffer.from(host));

const extensionsOf = ({ authority = false, hosts = [] }: CertificateOptions): Buffer[] => {
  const yes = der(BOOLEAN, Buffer.from([0xff]));
  const extensions = [
    ...(authority ? [der(SEQUENCE, oid("551d13"), yes, der(OCTETS, der(SEQUENCE, yes)))] : []),
    ...(hosts.length > 0
      ? [der(SEQUENCE, oid("551d11"), der(OCTETS, der(SEQUENCE, ...hosts.map(hostOf))))]
      : []),
  ];
  return extensions.length === 0 ? [] : [der(CONTEXT_3, der(SEQUENCE, ...extensions))];
};

/** A certificate and its key, as PEM texts. */
export const certificate = (options: CertificateOptions = {}): { cert: string; key: string } => {
  const { key = curveKey(), version = 3, name = "fairlead test", issuer } = options;
  const { from = Date.now() - HOUR_MS, to = Date.now() + HOUR_MS } = options;
  const signer = issuer === undefined ? key : createPrivateKey(issuer.key);
  const algorithm = ALGORITHMS[signer.asymmetricKeyType ?? ""] ?? Buffer.alloc(0);
  const body = der(
    SEQUENCE,
    ...(version === 3 ? [der(CONTEXT_0, der(INTEGER, Buffer.from([2])))] : []),
    // One authority never gives a number twice.
    der(INTEGER, Buffer.from([1, ...randomBytes(8)])),
    algorithm,
    nameOf(issuer?.name ?? name),
    der(SEQUENCE, time(from), time(to)),
    nameOf(name),
    createPublicKey(key.export({ type: "pkcs8", format: "pem" })).export({ type: "spki", format: "der" }),
    ...extensionsOf(options),
  );
  const signature = der(BITS, Buffer.from([0]), sign("sha256", body, signer));
  return {
    cert: pem("CERTIFICATE", der(SEQUENCE, body, algorithm, signature)),
    key: key.export({ type: "pkcs8", format: "pem" }),
  };
};
