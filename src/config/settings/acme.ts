/** `listen.tls.acme`: certificates from an ACME authority (RFC 8555). */
import { oneOrMany } from "../schema/collections.ts";
import { notBoth } from "../schema/key-rules.ts";
import { leaf, oneOf } from "../schema/leaf.ts";
import { defaulted, named, object, optional, required } from "../schema/object.ts";
import { DOMAIN, HTTPS_ENDPOINT } from "../schema/patterns.ts";
import { Refusal, type Schema } from "../schema/schema.ts";
import { flag, like, nonEmpty, text } from "../schema/values.ts";
import type { Capability } from "../../core/capability.ts";
import type { AcmeConfig, FurtherListener, ListenConfig } from "../types.ts";
import { httpUrl, readHost } from "./addresses.ts";
import { certificates } from "./pem.ts";

/** Names that an authority can check by connecting to them. */
const domain: Schema<string> = text(
  'a host name such as "app.example.com"',
  (given) => {
    if (given.startsWith("*."))
      return new Refusal("a wildcard takes a DNS challenge, which is not supported");
    const host = readHost(given);
    if (host instanceof Refusal) return host;
    return /^\[|(?:^|\.)\d+\.?$/.test(host) ? new Refusal("an address is none") : host;
  },
  { pattern: DOMAIN },
);

const email = like('an address such as "admin@example.com"', "^[^\\s@]+@[^\\s@]+$");

const directoryUrl = httpUrl('a URL such as "https://ca.example/directory"', HTTPS_ENDPOINT, {
  refuse: ({ protocol }) => (protocol === "https:" ? undefined : "an authority is reached by https"),
});

/** RFC 8555 asks for it, and nobody but the operator can say it. */
const agreed: Schema<true> = leaf("true", {
  scalars: ["boolean"],
  read: (value: true) => value,
  input: "true",
  takes: (value) => value === true,
  json: { const: true },
});

/** base64url, as authorities hand it out. */
const hmacKey: Schema<string> = {
  ...like("a key in base64url", "^[\\w-]{16,}={0,2}$"),
  isSecret: () => true,
};

const externalAccount = object("ExternalAccount", {
  keyId: required(nonEmpty("the identifier that the authority gave"), "Identifier of the key."),
  hmacKey: required(hmacKey, "The key itself, in base64url."),
});

export const acme: Schema<AcmeConfig> = object(
  named("AcmeConfig", {
    rules: [
      notBoth(
        ["staging", "directory"],
        "`staging` is Let's Encrypt's; leave it out beside `directory`",
        "staging",
      ),
    ],
  }),
  {
    domains: required(
      oneOrMany("a host name or a list of host names", domain),
      "Host names to obtain certificates for, one each. Their addresses lead to this server.",
    ),
    termsAgreed: required(agreed, "That you agree to the authority's terms of service."),
    email: optional(email, "Where the authority can reach you."),
    storage: defaulted(
      nonEmpty("the path of a directory"),
      "acme",
      "Directory for the account, certificates and keys. Processes that share it share certificates, and one of them renews.",
    ),
    staging: defaulted(
      flag,
      false,
      "Whether Let's Encrypt's staging environment is asked, whose certificates nobody trusts, and whose limits are wide.",
    ),
    directory: optional(directoryUrl, "The authority's ACME directory. Let's Encrypt's unless set."),
    ca: optional(
      certificates,
      "Authorities that the directory's own certificate may be signed by, as PEM text.",
    ),
    challenge: optional(
      oneOf("http-01", "tls-alpn-01"),
      'How the authority checks a name: by plain HTTP on port 80 ("http-01") or by TLS on port 443 ("tls-alpn-01"). By HTTP where a listener has no TLS, unless set.',
      { needs: (written) => (written === "tls-alpn-01" ? ["tls-alpn-challenge"] : []) },
    ),
    keyType: defaulted(
      oneOf("ecdsa-p256", "ecdsa-p384", "rsa-2048", "rsa-4096"),
      "ecdsa-p256",
      "Kind of the certificates' keys.",
    ),
    externalAccount: optional(
      externalAccount,
      "Account at the authority that this one is bound to, where it asks for one.",
    ),
  },
);

/** What of listeners decides the challenge. */
type Entrances = Pick<ListenConfig, "socket" | "tls"> & { readonly also?: readonly FurtherListener[] };

/** The challenge that `asked` means beside these listeners: an authority comes to a port, without TLS or with it. */
export const challengeOf = (
  { challenge }: Pick<AcmeConfig, "challenge">,
  listen: Entrances,
): NonNullable<AcmeConfig["challenge"]> => {
  const isPlain = [listen, ...(listen.also ?? [])].some(
    ({ tls, socket }) => tls === undefined && socket === undefined,
  );
  return challenge ?? (isPlain ? "http-01" : "tls-alpn-01");
};

/** What listeners need whose config leaves the challenge open. */
export const challengeNeeds = (written: unknown): readonly Capability[] => {
  const listen = written as Entrances;
  const isByTls = [listen, ...(listen.also ?? [])].some(
    ({ tls }) =>
      tls?.acme !== undefined &&
      tls.acme.challenge === undefined &&
      challengeOf(tls.acme, listen) === "tls-alpn-01",
  );
  return isByTls ? ["tls-alpn-challenge"] : [];
};
