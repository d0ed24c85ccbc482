/** Certificates that listeners show to clients, and how long they are good for. By `node:crypto`, which Node, Deno and Bun all have. */
import type { ConfigPath } from "../src/config/problem.ts";
import type { Config, ListenTlsConfig } from "../src/config/types.ts";

export interface ServedCertificate {
  /** Of its text in the config. */
  readonly path: ConfigPath;
  /** Path of the listener in the config, such as `listen` or `listen.also[0]`. */
  readonly listener: string;
  /** The first name that it is for. */
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly validFrom: number;
  readonly expiresAt: number;
}

/** Those of `config`, which was checked. What can't be read is left out. */
export const servedCertificates = ({
  listen,
  admin,
}: Pick<Config, "admin" | "listen">): ServedCertificate[] => [
  ...ofListener(listen.tls, "listen", ["listen", "tls"]),
  ...listen.also.flatMap(({ tls }, index) =>
    ofListener(tls, `listen.also[${index}]`, ["listen", "also", index, "tls"]),
  ),
  ...ofListener(admin.tls, "admin", ["admin", "tls"]),
];

const ofListener = (
  tls: Pick<ListenTlsConfig, "cert" | "certificates"> | undefined,
  listener: string,
  path: ConfigPath,
): readonly ServedCertificate[] => {
  if (tls === undefined) return [];
  return [
    ...read(tls.cert, listener, [...path, "cert"]),
    ...tls.certificates.flatMap(({ cert, names }, index) =>
      read(cert, listener, [...path, "certificates", index, "cert"], names?.[0]),
    ),
  ];
};

const read = (
  pem: string | undefined,
  listener: string,
  path: ConfigPath,
  givenName?: string,
): readonly ServedCertificate[] => {
  if (pem === undefined) return [];
  const { X509Certificate } = process.getBuiltinModule("node:crypto");
  try {
    const { subject, subjectAltName, validFrom, validTo } = new X509Certificate(pem);
    const [, first] = /(?:DNS|IP Address):([^,\s]+)/.exec(subjectAltName ?? "") ?? [];
    const [, common] = /^CN=(.*)$/m.exec(subject) ?? [];
    return [
      {
        path,
        listener,
        name: givenName ?? first ?? common ?? "",
        validFrom: Date.parse(validFrom),
        expiresAt: Date.parse(validTo),
      },
    ];
  } catch {
    return [];
  }
};

const DAY_MS = 86_400_000;

/** Days ahead at which it is worth a line: the larger ones are over when the smaller ones begin. */
const AHEAD_DAYS = [30, 7, 1, 0] as const;
export type Ahead = (typeof AHEAD_DAYS)[number];

/**
 * How near the end is: at most 30, 7 or 1 days away, or 0 for over. Undefined where it is no concern: further away than that, or
 * further than a third of the certificate's whole time, which is when authorities want renewals of those that are good for days.
 */
export const aheadOf = ({ validFrom, expiresAt }: ServedCertificate, now: number): Ahead | undefined => {
  const left = expiresAt - now;
  if (left > (expiresAt - validFrom) / 3) return undefined;
  return AHEAD_DAYS.findLast((days) => left <= days * DAY_MS);
};

/** A sentence for operators. */
export const expiryText = ({ expiresAt }: ServedCertificate, now: number): string => {
  const at = new Date(expiresAt)
    .toISOString()
    .replace(/:\d\d\.\d+Z$/, " UTC")
    .replace("T", " ");
  const days = Math.floor((expiresAt - now) / DAY_MS);
  if (expiresAt <= now) return `the certificate expired at ${at}`;
  const when = days === 0 ? "in less than a day" : days === 1 ? "in 1 day" : `in ${days} days`;
  return `the certificate expires ${when}, at ${at}`;
};
