/** The certificates of a TLS listener, by the name that a client asks for (SNI, RFC 6066 §3). */
import { X509Certificate, constants } from "node:crypto";
import { type SecureContext, type SecureContextOptions, createSecureContext } from "node:tls";
import type { ListenCertificate, ListenTlsConfig } from "../../../src/config/types.ts";
import type { ServedTls } from "./served-tls.ts";

/**
 * Mozilla's "intermediate" configuration, without the suites with finite-field Diffie-Hellman: only clients that get no more
 * updates need them, and they let a client cause much work on the server at no cost of its own (CVE-2002-20001).
 */
const INTERMEDIATE_CIPHERS = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

/** Without these in its list, a runtime takes TLS 1.3 for switched off. */
const TLS_1_3_CIPHERS = /(?:^|:)TLS_/;

/** What is the same for every certificate of a listener, and the certificate. */
export const contextOptions = (
  { cert, key }: Pick<ListenCertificate, "cert" | "key">,
  { minVersion, ciphers = INTERMEDIATE_CIPHERS }: ListenTlsConfig,
): SecureContextOptions => ({
  cert,
  key,
  minVersion: minVersion === "1.3" ? "TLSv1.3" : "TLSv1.2",
  // With renegotiation a client could run any number of handshakes on a connection that counts once.
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  ciphers: TLS_1_3_CIPHERS.test(ciphers) ? ciphers : `${TLS_1_3}:${ciphers}`,
});

const TLS_1_3 = INTERMEDIATE_CIPHERS.split(":")
  .filter((name) => name.startsWith("TLS_"))
  .join(":");

/** Names that a certificate is for, lower-case, wildcards as they stand there. */
const namesIn = (pem: string): readonly string[] => {
  const { subjectAltName = "" } = new X509Certificate(pem);
  return Array.from(subjectAltName.matchAll(/(?:^|, )DNS:([^,\s]+)/g), ([, name = ""]) => name.toLowerCase());
};

/** Finds a context by name. The first certificate is for whoever asks for none of the names. */
export class ServerCertificates {
  readonly #byName: Map<string, SecureContext> = new Map();

  /** @throws what the runtime says of a certificate that it can't use. */
  constructor(tls: ServedTls) {
    this.#add(namesIn(tls.cert), createSecureContext(contextOptions(tls, tls)));
    for (const each of tls.certificates) {
      this.#add(each.names ?? namesIn(each.cert), createSecureContext(contextOptions(each, tls)));
    }
  }

  /** Undefined for the first certificate. A wildcard stands for one label (RFC 9525 §6.3). */
  find(serverName: string): SecureContext | undefined {
    const name = serverName.toLowerCase();
    return this.#byName.get(name) ?? this.#byName.get(name.replace(/^[^.]+/, "*"));
  }

  #add(names: readonly string[], context: SecureContext): void {
    for (const name of names) if (!this.#byName.has(name)) this.#byName.set(name, context);
  }
}
