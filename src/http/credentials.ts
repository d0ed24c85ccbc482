/** Which names of header fields, query parameters and cookies carry what only its owner should read. */

/** Wherever they stand in a name, in any case. */
export const CREDENTIAL_PARTS: readonly string[] = [
  "authorization",
  "cookie",
  "credential",
  "passcode",
  "passphrase",
  "passw",
  "saml",
  "secret",
  "sessid",
  "session",
  "signature",
  "token",
];

/** As whole words of a name: `key` of `api-key`, `apiKey` and `x.key.id`, not of `monkey`. */
export const CREDENTIAL_WORDS: readonly string[] = [
  "accesskey",
  "apikey",
  "assertion",
  "auth",
  "authkey",
  "bearer",
  "csrf",
  "jwt",
  "key",
  "otp",
  "pass",
  "pwd",
  "sid",
  "sig",
  "xsrf",
];

/** As whole names only: `code` is OAuth's, `country_code` is not. */
export const CREDENTIAL_NAMES: readonly string[] = ["code"];

const PARTS = new RegExp(CREDENTIAL_PARTS.join("|"), "i");
const WORDS = new RegExp(`(?<![a-z])(?:${CREDENTIAL_WORDS.join("|")})(?![a-z])`, "i");
const NAMES = new RegExp(`^[^a-z]*(?:${CREDENTIAL_NAMES.join("|")})[^a-z]*$`, "i");

/** Where words of a name in camel case meet. */
const HUMPS = /[a-z\d](?=[A-Z])|[A-Z](?=[A-Z][a-z])/g;

/** Characters of the shortest name in the lists. */
const LEAST_LENGTH = 3;

/** Whether the value under `name` must not be shown, judged by the name. Takes time in proportion to its length. */
export const isCredentialName = (name: string): boolean =>
  name.length >= LEAST_LENGTH &&
  (PARTS.test(name) || WORDS.test(name.replace(HUMPS, "$&_")) || NAMES.test(name));
