/** Whom a connection belongs to, by the certificate of its client (mutual TLS). */
import { type X509Certificate, createHash } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { ClientCertificate, ClientIdentity } from "../../../src/core/connection-tls.ts";
import { type CertificateNames, certificateNames } from "../../../src/edge/distinguished-name.ts";

/** Certificates remembered at most. The oldest are forgotten. */
const MOST_REMEMBERED = 10_000;

const NONE: ClientIdentity = Object.freeze({ status: "none" });

/**
 * Certificates that full handshakes have verified by one set of authorities.
 *
 * A resumed session brings its certificate along and has it verified by nobody: some runtimes call it authorized whatever the first
 * handshake came to, and resume sessions from before a change of the authorities too. So it counts where the same certificate was
 * verified before.
 */
export class VerifiedCertificates {
  readonly #fingerprints: Set<string> = new Set();

  add(fingerprint: string): void {
    this.#fingerprints.delete(fingerprint);
    this.#fingerprints.add(fingerprint);
    if (this.#fingerprints.size <= MOST_REMEMBERED) return;
    const [oldest] = this.#fingerprints;
    if (oldest !== undefined) this.#fingerprints.delete(oldest);
  }

  has(fingerprint: string): boolean {
    return this.#fingerprints.has(fingerprint);
  }
}

/** The identity behind a handshake that is over, where the listener asks for certificates. */
export const identifyClient = (
  socket: TLSSocket,
  verified: VerifiedCertificates,
  now: number,
): ClientIdentity => {
  let certificate: X509Certificate | undefined;
  let isTimely: boolean;
  try {
    certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) return NONE;
    isTimely = now >= Date.parse(certificate.validFrom) && now <= Date.parse(certificate.validTo);
  } catch {
    // Anybody may send anything here, and the runtime's TLS may take what its parser does not.
    return unverified("it can't be read");
  }
  if (!isTimely) return unverified("it has expired or is not valid yet");
  if (!socket.authorized)
    return unverified("no authority of listen.tls.client.ca has signed it, or its use is another one");
  const fingerprint = createHash("sha256").update(certificate.raw).digest("hex");
  if (socket.isSessionReused() && !verified.has(fingerprint)) {
    return unverified("its session was begun where it was not verified");
  }
  let names: CertificateNames;
  try {
    names = certificateNames(certificate.raw);
  } catch {
    return unverified("its names can't be read");
  }
  verified.add(fingerprint);
  return { status: "verified", certificate: new SeenCertificate(certificate, fingerprint, names) };
};

const unverified = (reason: string): ClientIdentity => ({ status: "unverified", reason });

class SeenCertificate implements ClientCertificate {
  readonly subject: string;
  readonly issuer: string;
  readonly serial: string;
  readonly fingerprint: string;
  readonly #certificate: X509Certificate;
  #der: string | undefined;

  constructor(certificate: X509Certificate, fingerprint: string, names: CertificateNames) {
    this.subject = names.subject;
    this.issuer = names.issuer;
    this.serial = names.serial;
    this.fingerprint = fingerprint;
    this.#certificate = certificate;
  }

  get der(): string {
    return (this.#der ??= this.#certificate.raw.toString("base64"));
  }
}
