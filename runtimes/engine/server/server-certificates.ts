/** The certificates of a TLS listener, by the name that a client asks for (SNI, RFC 6066 §3). */
import { constants } from "node:crypto";
import { type SecureContext, type SecureContextOptions, createSecureContext } from "node:tls";
import type { ListenCertificate } from "../../../src/config/types.ts";
import type { ServedTls } from "./served-tls.ts";
import { namesIn, wildcardOf } from "./shown-names.ts";

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
  { profile, minVersion, ciphers = INTERMEDIATE_CIPHERS, client }: ServedTls,
): SecureContextOptions => ({
  cert,
  key,
  ...(client === undefined ? {} : { ca: client.ca }),
  minVersion: profile === "modern" || minVersion === "1.3" ? "TLSv1.3" : "TLSv1.2",
  // With renegotiation a client could run any number of handshakes on a connection that counts once.
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  ciphers: TLS_1_3_CIPHERS.test(ciphers) ? ciphers : `${TLS_1_3}:${ciphers}`,
});

const TLS_1_3 = INTERMEDIATE_CIPHERS.split(":")
  .filter((name) => name.startsWith("TLS_"))
  .join(":");

/** A certificate of a listener. */
interface Shown {
  /** Undefined for the first one, which the listener itself has. */
  readonly context: SecureContext | undefined;
  /** What it is for: by its own word, and by the config's. */
  readonly names: ReadonlySet<string>;
}

/** Finds a certificate by name. The first one is for clients that ask for none of the names. */
export class ServerCertificates {
  readonly #first: Shown;
  readonly #byName: Map<string, Shown> = new Map();

  /** @throws what the runtime says of a certificate that it can't use. */
  constructor(tls: ServedTls) {
    const own = namesIn(tls.cert);
    this.#first = { context: undefined, names: new Set(own) };
    this.#add(own, this.#first);
    for (const each of tls.certificates) {
      const names = namesIn(each.cert);
      const shown: Shown = {
        context: createSecureContext(contextOptions(each, tls)),
        names: new Set([...names, ...(each.names ?? [])]),
      };
      this.#add(each.names ?? names, shown);
    }
  }

  /** Undefined for the first certificate. */
  find(serverName: string): SecureContext | undefined {
    return this.#shown(serverName).context;
  }

  /** Names of the certificate that a client gets that asks for `serverName`. */
  namesFor(serverName: string): ReadonlySet<string> {
    return this.#shown(serverName).names;
  }

  #shown(serverName: string): Shown {
    // SNI has no dot at the end (RFC 6066 §3), but some clients send the name as it was typed.
    const name = serverName.toLowerCase().replace(/\.$/, "");
    return this.#byName.get(name) ?? this.#byName.get(wildcardOf(name)) ?? this.#first;
  }

  #add(names: readonly string[], shown: Shown): void {
    for (const name of names) if (!this.#byName.has(name)) this.#byName.set(name, shown);
  }
}
