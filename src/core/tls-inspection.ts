/** PEM texts for TLS towards upstreams, looked at before the first request needs them. */

/** As `upstreams.*.tls` has them. */
export interface TlsTexts {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** Why one of the texts can't be used. */
export interface TlsFault {
  readonly setting: keyof TlsTexts;
  /** One sentence; MUST hold nothing of the texts. */
  readonly message: string;
}

/**
 * Everything that keeps a runtime from using `texts` at this moment: what can't be parsed, a key of another
 * certificate, a certificate that is not valid yet or no longer. Never throws.
 */
export type InspectTls = (texts: TlsTexts) => readonly TlsFault[];
