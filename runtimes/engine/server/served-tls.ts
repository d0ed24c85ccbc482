/** TLS of a listener, with the certificate that it serves. */
import type { ListenTlsConfig } from "../../../src/config/types.ts";

/** `certificates` may hold more than the config names: those that an authority gave. */
export interface ServedTls extends Omit<ListenTlsConfig, "acme" | "cert" | "key"> {
  readonly cert: string;
  readonly key: string;
}

/** `tls` that names a certificate. */
export const servedTls = (tls: Omit<ListenTlsConfig, "acme">): ServedTls => {
  const { cert, key } = tls;
  if (cert === undefined || key === undefined) throw new TypeError("TLS without a certificate");
  return { ...tls, cert, key };
};
