import { describe, expect, it } from "vitest";
import { inspectTls } from "../../../runtimes/inspect-tls.ts";
import { certificate, curveKey, rsaKey } from "../../support/certificate.ts";

const NOW = Date.UTC(2030, 5, 15, 12);
const HOUR_MS = 3_600_000;
const timely = { from: NOW - HOUR_MS, to: NOW + HOUR_MS };
const good = certificate(timely);
const other = certificate(timely);
/** Base64 that stands for something else. */
const spoilt = (pem: string): string => pem.replace(/\n.{10}/, "\nMIIBAAAAAA");

describe("certificate inspection", () => {
  it.each([
    ["nothing", {}, []],
    ["a key that matches", good, []],
    ["a chain that starts with the key's certificate", { ...good, cert: good.cert + other.cert }, []],
    ["several authorities", { ca: good.cert + other.cert }, []],
    ["an authority of yesterday", { ca: certificate({ from: 0, to: HOUR_MS }).cert }, []],
    [
      "another certificate's key",
      { cert: good.cert, key: other.key },
      [["key", "the private key does not match the certificate in `cert`"]],
    ],
    [
      "a certificate of yesterday",
      certificate({ from: 0, to: Date.UTC(2030, 5, 14, 9, 30) }),
      [["cert", "the certificate expired at 2030-06-14 09:30 UTC"]],
    ],
    [
      "a certificate of tomorrow",
      certificate({ from: Date.UTC(2030, 5, 16), to: Date.UTC(2031, 5) }),
      [["cert", "the certificate is not valid before 2030-06-16 00:00 UTC"]],
    ],
    [
      "texts that are none",
      { ca: spoilt(good.cert), cert: spoilt(good.cert), key: spoilt(good.key) },
      [
        ["ca", "the certificates can't be parsed"],
        ["cert", "the certificate can't be parsed"],
        ["key", "the private key can't be parsed"],
      ],
    ],
    [
      "an authority that is none behind one that is",
      { ca: good.cert + spoilt(good.cert) },
      [["ca", "the certificates can't be parsed"]],
    ],
    [
      "a key behind a passphrase",
      {
        ...good,
        key: curveKey().export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" }),
      },
      [["key", "the private key is encrypted; it has to be given without a passphrase"]],
    ],
    [
      "a key of RSA that is too short",
      certificate({ ...timely, key: rsaKey(1024) }),
      [["cert", "the certificate's RSA key has 1024 bits, and needs at least 2048"]],
    ],
    ["a key of RSA that is just long enough", certificate({ ...timely, key: rsaKey(2048) }), []],
    [
      "a key that the runtime's TLS holds to be too short",
      certificate({ ...timely, key: curveKey("prime192v1") }),
      [["cert", "this runtime can't use the certificate: ee key too small"]],
    ],
  ] as const)("says of %s what is wrong with it", (_, texts, faults) => {
    expect(inspectTls(texts, NOW).map(({ setting, message }) => [setting, message])).toEqual(faults);
  });
});
