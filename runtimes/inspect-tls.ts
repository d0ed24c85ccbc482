/** A look at certificates and keys by `node:crypto` and `node:tls`, which Node, Deno and Bun all have. */
import type { TlsFault, TlsTexts } from "../src/core/tls-inspection.ts";

const CERTIFICATES = /-----BEGIN ((?:TRUSTED |X509 )?CERTIFICATE)-----[^-]*-----END \1-----/g;

/** Loaded only where a config has certificates, so that no other start waits for it. */
const crypto = (): ReturnType<typeof process.getBuiltinModule<"node:crypto">> =>
  process.getBuiltinModule("node:crypto");

type Crypto = ReturnType<typeof crypto>;
type Certificate = InstanceType<Crypto["X509Certificate"]>;
type PrivateKey = ReturnType<Crypto["createPrivateKey"]>;

/** All certificates of `pem`; undefined where there is none or one of them can't be parsed. */
const certificatesIn = (pem: string): readonly Certificate[] | undefined => {
  const { X509Certificate } = crypto();
  try {
    const certificates = [...pem.matchAll(CERTIFICATES)].map(([block]) => new X509Certificate(block));
    return certificates.length === 0 ? undefined : certificates;
  } catch {
    return undefined;
  }
};

const privateKeyIn = (pem: string): PrivateKey | undefined => {
  try {
    return crypto().createPrivateKey(pem);
  } catch {
    return undefined;
  }
};

const day = (ms: number): string =>
  new Date(ms)
    .toISOString()
    .replace(/:\d\d\.\d+Z$/, " UTC")
    .replace("T", " ");

const untimely = ({ validFrom, validTo }: Certificate, now: number): string | undefined => {
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  if (now < from) return `the certificate is not valid before ${day(from)}`;
  return now > to ? `the certificate expired at ${day(to)}` : undefined;
};

/** Shorter RSA keys are refused by OpenSSL's security level 2 and by browsers, but not by every runtime's TLS. */
const LEAST_RSA_BITS = 2048;

const weakness = ({ publicKey }: Certificate): string | undefined => {
  const { asymmetricKeyType = "", asymmetricKeyDetails } = publicKey;
  const { modulusLength: bits = LEAST_RSA_BITS } = asymmetricKeyDetails ?? {};
  return asymmetricKeyType.startsWith("rsa") && bits < LEAST_RSA_BITS
    ? `the certificate's RSA key has ${bits} bits, and needs at least ${LEAST_RSA_BITS}`
    : undefined;
};

/** Why the runtime's own TLS does not take what was parsed, such as a key that it holds to be too short. */
const unusable = ({ cert, key }: TlsTexts): string | undefined => {
  try {
    process.getBuiltinModule("node:tls").createSecureContext({ cert, key });
    return undefined;
  } catch (error) {
    const reason = error instanceof Error && "reason" in error ? String(error.reason) : "";
    return `this runtime can't use the certificate${reason === "" ? "" : `: ${reason.toLowerCase()}`}`;
  }
};

const inspectKey = (pem: string, certificate: Certificate | undefined): string | undefined => {
  const key = privateKeyIn(pem);
  if (key === undefined) {
    return /ENCRYPTED/.test(pem)
      ? "the private key is encrypted; it has to be given without a passphrase"
      : "the private key can't be parsed";
  }
  return certificate === undefined || certificate.checkPrivateKey(key)
    ? undefined
    : "the private key does not match the certificate in `cert`";
};

/** As `InspectTls` says, at `now` in milliseconds since 1970. */
export const inspectTls = (texts: TlsTexts, now: number): readonly TlsFault[] => {
  const { ca, cert, key } = texts;
  const faults: TlsFault[] = [];
  const blame = (setting: TlsFault["setting"], message: string | undefined): void => {
    if (message !== undefined) faults.push({ setting, message });
  };
  if (ca !== undefined && certificatesIn(ca) === undefined) blame("ca", "the certificates can't be parsed");
  // The rest of a chain may be old: what it is verified by is the peer's to choose.
  const own = cert === undefined ? undefined : certificatesIn(cert)?.[0];
  if (own !== undefined) blame("cert", untimely(own, now) ?? weakness(own));
  else if (cert !== undefined) blame("cert", "the certificate can't be parsed");
  if (key !== undefined) blame("key", inspectKey(key, own));
  if (own !== undefined && key !== undefined && faults.length === 0) blame("cert", unusable(texts));
  return faults;
};
