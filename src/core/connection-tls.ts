/** What TLS tells about a client's connection. */

/** A certificate that a client has proved to be its own. */
export interface ClientCertificate {
  /** As RFC 4514 writes it, in ASCII: `CN=worker,O=Example`. */
  readonly subject: string;
  readonly issuer: string;
  /** Hexadecimal, in upper case. */
  readonly serial: string;
  /** SHA-256 of the certificate, hexadecimal, in lower case. */
  readonly fingerprint: string;
  /** The certificate itself, DER in base64. */
  readonly der: string;
}

/** Whom a connection belongs to. */
export type ClientIdentity =
  /** None was asked for, or the client has none. */
  | { readonly status: "none" }
  /** Signed by an authority that the config names, and valid when the connection began. */
  | { readonly status: "verified"; readonly certificate: ClientCertificate }
  /** Nothing that it says counts. */
  | { readonly status: "unverified"; readonly reason: string };

export interface ConnectionTls {
  readonly client: ClientIdentity;
  /** Whether `host` (lower-case, without port) is among the names of the certificate that the client was shown. */
  covers(host: string): boolean;
}

const NONE: ClientIdentity = Object.freeze({ status: "none" });

/** Whose request it is, as its connection tells. */
export const identityOf = ({ tls }: { readonly tls?: ConnectionTls | undefined }): ClientIdentity =>
  tls?.client ?? NONE;
