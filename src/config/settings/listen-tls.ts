/** `listen.tls`: TLS towards clients. */
import { listOf, oneOrMany } from "../schema/collections.ts";
import { oneOf } from "../schema/leaf.ts";
import { defaulted, object, optional, required } from "../schema/object.ts";
import type { Schema } from "../schema/schema.ts";
import { nonEmpty } from "../schema/values.ts";
import { hostPattern } from "./addresses.ts";
import { certificate, privateKey } from "./pem.ts";

const cert = required(certificate, "Certificate and the rest of its chain, as PEM text.");
const key = required(privateKey, "Private key of `cert`, as PEM text.");

const furtherCertificate = object("ListenCertificate", {
  names: optional(
    oneOrMany("a host or a list of hosts", hostPattern),
    'Names that clients ask for (SNI), exact or "*.example.com". Those of the certificate unless set.',
  ),
  cert,
  key,
});

export const listenTls: Schema = object("ListenTlsConfig", {
  cert,
  key,
  certificates: defaulted(
    listOf("a list of objects with cert and key", furtherCertificate),
    [],
    "Further certificates, by server name. A client that asks for none of the names, or for no name, gets the first one.",
  ),
  minVersion: defaulted(oneOf("1.2", "1.3"), "1.2", "Oldest version of TLS that is spoken."),
  ciphers: optional(
    nonEmpty('a list of cipher suites in the words of OpenSSL, such as "ECDHE-RSA-AES128-GCM-SHA256"'),
    'Cipher suites, in the words of OpenSSL. Mozilla\'s "intermediate" ones unless set.',
    { needs: "cipher-list" },
  ),
});
