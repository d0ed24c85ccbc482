/** `listen.tls`: TLS towards clients. */
import { listOf, oneOrMany } from "../schema/collections.ts";
import { oneOf } from "../schema/leaf.ts";
import { type KeyRule, onlyWith } from "../schema/key-rules.ts";
import { defaulted, named, object, optional, required } from "../schema/object.ts";
import type { Schema, Settings } from "../schema/schema.ts";
import { flag, nonEmpty } from "../schema/values.ts";
import type { AdminTlsConfig, ListenTlsConfig } from "../types.ts";
import { acme } from "./acme.ts";
import { hostPattern } from "./addresses.ts";
import { certificate, certificates, privateKey } from "./pem.ts";

const CERT = "Certificate and the rest of its chain, as PEM text.";
const KEY = "Private key of `cert`, as PEM text.";

const furtherCertificate = object("ListenCertificate", {
  names: optional(
    oneOrMany("a host or a list of hosts", hostPattern),
    'Names that clients ask for (SNI), exact or "*.example.com". Those of the certificate unless set.',
  ),
  cert: required(certificate, CERT),
  key: required(privateKey, KEY),
});

/** A pair, an authority that gives one, or both. */
const HAS_CERTIFICATE: KeyRule<ListenTlsConfig> = {
  check: (_, { has, complain }) => {
    const [hasCert, hasKey] = [has("cert"), has("key")];
    if (!hasCert && (hasKey || !has("acme"))) complain(`missing; expected ${certificate.expects}`, "cert");
    if (!hasKey && (hasCert || !has("acme"))) complain(`missing; expected ${privateKey.expects}`, "key");
  },
  json: {
    anyOf: [
      { required: ["cert", "key"] },
      { required: ["acme"], not: { anyOf: [{ required: ["cert"] }, { required: ["key"] }] } },
    ],
  },
};

const client = object("ClientCertificateConfig", {
  mode: required(
    oneOf("request", "require"),
    'Whether a client needs a certificate that `ca` has signed: "require" refuses the connection of any other, "request" serves all, and `${client.cert.status}` tells upstreams which of them have one.',
  ),
  ca: required(
    certificates,
    "Authorities whose certificates are accepted, as PEM text, with intermediate ones that clients don't send.",
  ),
});

const DECIDED = "the modern profile decides it";

const PROFILE: KeyRule<object> = onlyWith(
  ["minVersion", "ciphers"],
  { key: "profile", among: ["intermediate"], notAmong: ["modern"], byDefault: true },
  DECIDED,
);

/** What every listener with TLS has besides its own certificate. */
const COMMON: Settings = {
  certificates: defaulted(
    listOf("a list of objects with cert and key", furtherCertificate),
    [],
    "Further certificates, by server name. A client that asks for none of the names, or for no name, gets the first one.",
  ),
  profile: defaulted(
    oneOf("intermediate", "modern"),
    "intermediate",
    'Mozilla\'s recommendation to follow: "intermediate" for clients of all kinds, "modern" for those that speak TLS 1.3.',
  ),
  minVersion: defaulted(oneOf("1.2", "1.3"), "1.2", "Oldest version of TLS that is spoken."),
  ciphers: optional(
    nonEmpty('a list of cipher suites in the words of OpenSSL, such as "ECDHE-RSA-AES128-GCM-SHA256"'),
    'Cipher suites, in the words of OpenSSL. Mozilla\'s "intermediate" ones unless set.',
    { needs: "cipher-list" },
  ),
  client: optional(client, "Asks clients for certificates (mutual TLS)."),
  checkHost: defaulted(
    flag,
    true,
    "Answers 421 where the host of a request is none of the names of the certificate that its connection has. Trusted proxies and `readyPath` are exempt.",
  ),
};

export const listenTls: Schema<ListenTlsConfig> = object(
  named("ListenTlsConfig", { rules: [HAS_CERTIFICATE, PROFILE] }),
  {
    cert: optional(
      certificate,
      `${CERT} Beside \`acme\` it is for clients that ask for none of its domains.`,
    ),
    key: optional(privateKey, KEY),
    acme: optional(
      acme,
      "Obtains and renews certificates by ACME, from Let's Encrypt unless another authority is named.",
    ),
    ...COMMON,
  },
);

/** For operators: no authority comes to its port. */
export const adminTls: Schema<AdminTlsConfig> = object(named("AdminTlsConfig", { rules: [PROFILE] }), {
  cert: required(certificate, CERT),
  key: required(privateKey, KEY),
  ...COMMON,
});
