/** Client certificates that Deno can use: it ends the whole process over one that it can't. */
import { type KeyObject, X509Certificate, createPrivateKey } from "node:crypto";
import type { TlsFault, TlsTexts } from "../../src/core/tls-inspection.ts";
import { inspectTls } from "../inspect-tls.ts";

const CURVES: ReadonlySet<unknown> = new Set(["prime256v1", "secp384r1", "secp521r1"]);
const RSA_BITS = { least: 2048, most: 8192 } as const;

/** Keys that rustls signs with. */
const isUsable = ({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): boolean => {
  const { modulusLength = 0, namedCurve } = asymmetricKeyDetails;
  switch (asymmetricKeyType) {
    case "rsa":
      return modulusLength >= RSA_BITS.least && modulusLength <= RSA_BITS.most;
    case "ec":
      return CURVES.has(namedCurve);
    case "ed25519":
      return true;
    default:
      return false;
  }
};

const CONSTRUCTED_0 = 0xa0;

/** Where the content of the DER element at `from` begins. */
const contentAt = (der: Uint8Array, from: number): number => {
  const length = der[from + 1] ?? 0;
  return from + 2 + (length < 0x80 ? 0 : length - 0x80);
};

/** Whether a certificate names its version (RFC 5280 §4.1.2.1): those of version 1 don't. */
const namesVersion = (der: Uint8Array): boolean => der[contentAt(der, contentAt(der, 0))] === CONSTRUCTED_0;

/** As `InspectTls` says, at `now` in milliseconds since 1970. */
export const inspectTlsForDeno = (texts: TlsTexts, now: number): readonly TlsFault[] => {
  const faults = inspectTls(texts, now);
  const { cert, key } = texts;
  if (faults.length > 0 || cert === undefined || key === undefined) return faults;
  if (!isUsable(createPrivateKey(key))) {
    const message =
      "Deno can't use a key of this kind; expected RSA of 2048 to 8192 bits, ECDSA on P-256, P-384 or P-521, or Ed25519";
    return [{ setting: "key", message }];
  }
  return namesVersion(new X509Certificate(cert).raw)
    ? []
    : [{ setting: "cert", message: "Deno can't use a certificate of X.509 version 1; expected version 3" }];
};
