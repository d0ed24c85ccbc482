/** Warns ahead of the end of certificates that listeners show: at the start, with another config, and every day. */
import type { Config } from "../../src/config/types.ts";
import type { Clock } from "../../src/core/platform.ts";
import type { LogEvent } from "../../src/observe/event-log.ts";
import {
  type Ahead,
  type ServedCertificate,
  aheadOf,
  expiryText,
  servedCertificates,
} from "../served-certificates.ts";

const DAY_MS = 86_400_000;

export interface CertificateWatchParts {
  readonly clock: Pick<Clock, "after" | "epoch">;
  readonly emit: (event: LogEvent) => void;
}

export class CertificateWatch {
  readonly #parts: CertificateWatchParts;
  /** What was said already. */
  #said: ReadonlyMap<string, Ahead> = new Map();
  #certificates: readonly ServedCertificate[] = [];
  #cancel: (() => void) | undefined;

  constructor(parts: CertificateWatchParts) {
    this.#parts = parts;
  }

  get certificates(): readonly ServedCertificate[] {
    return this.#certificates;
  }

  /** `config` is in effect. */
  watch(config: Pick<Config, "admin" | "listen">): void {
    this.#certificates = servedCertificates(config);
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#certificates.length > 0) this.#check();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #check(): void {
    const { clock } = this.#parts;
    const now = clock.epoch();
    const said = new Map<string, Ahead>();
    for (const certificate of this.#certificates) {
      const ahead = aheadOf(certificate, now);
      if (ahead === undefined) continue;
      const key = keyOf(certificate);
      if (this.#said.get(key) !== ahead) this.#warn(certificate, ahead, now);
      said.set(key, ahead);
    }
    this.#said = said;
    this.#cancel = clock.after(DAY_MS, () => this.#check());
  }

  #warn(certificate: ServedCertificate, ahead: Ahead, now: number): void {
    const { listener, name, expiresAt } = certificate;
    this.#parts.emit({
      category: "server",
      level: ahead === 0 ? "error" : "warning",
      message: `${listener}: ${expiryText(certificate, now)}`,
      facts: { listener, name, expires_at: new Date(expiresAt).toISOString() },
    });
  }
}

const keyOf = ({ listener, name, expiresAt }: ServedCertificate): string =>
  `${listener} ${name} ${expiresAt}`;
