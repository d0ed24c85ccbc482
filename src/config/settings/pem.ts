/** Certificates and keys, as PEM text. */
import { Refusal, type Schema } from "../schema/schema.ts";
import { text } from "../schema/values.ts";

/** What names a file of a certificate or key, where its text was meant. */
const PEM_FILE = /^[\w./~-]+\.(?:pem|key|crt|cer|der|p8)$/i;

const pem = (what: string, label: RegExp): Schema<string> =>
  text(
    `${what} as PEM text`,
    (given) => {
      if (label.test(given)) return given;
      return given.includes("-----BEGIN ")
        ? new Refusal("the PEM text holds something else", { isSafe: true })
        : new Refusal('take it from a file with "${file:path/to.pem}"', { isSafe: true });
    },
    { pattern: label.source },
  );

const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END /;
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[\s\S]+-----END /;

export const certificate: Schema<string> = pem("a certificate", CERTIFICATE);

export const certificates: Schema<string> = pem("certificates", CERTIFICATE);

/** PEM text that is masked wherever a config is shown. */
export const privateKey: Schema<string> = {
  ...pem("a private key", PRIVATE_KEY),
  isSecret: (value) => !(typeof value === "string" && PEM_FILE.test(value)),
};
