/** The certificate of one domain: what is in use, and when it is due. */
import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import type { Random } from "../../../src/core/platform.ts";
import type { PemPair } from "../../x509.ts";
import { type DomainState, NEW_STATE, type StoredCertificate } from "./acme-storage.ts";
import { certificateFault } from "./order-certificate.ts";
import { type Validity, renewalTime } from "./renewal-time.ts";

/** Attempts that a crash repeats are a minute apart. */
const RESTART_MS = 60_000;
/** Of a lifetime: after that it is renewed whatever the authority's renewal information says. */
const LATEST = 0.9;
/** Of a lifetime: before that it is not renewed again. */
const EARLIEST = 0.05;

export class KeptCertificate {
  readonly domain: string;
  readonly #random: Random;
  #fraction = 0;
  #state: DomainState = NEW_STATE;
  #pair: PemPair | undefined;
  #validity: Validity | undefined;
  #firstTryAt: number | undefined;

  constructor(domain: string, random: Random) {
    this.domain = domain;
    this.#random = random;
  }

  /** Undefined until there is one. It may have expired. */
  get pair(): PemPair | undefined {
    return this.#pair;
  }

  get validity(): Validity | undefined {
    return this.#validity;
  }

  get state(): DomainState {
    return this.#state;
  }

  /** Takes what was stored by an earlier process or another thread; `isStart` where it is the first look. */
  know(state: DomainState, isStart: boolean): void {
    this.#state = state;
    if (isStart && state.failures > 0 && !state.isRateLimited) this.#firstTryAt = state.failedAt + RESTART_MS;
    else if (!isStart) this.#firstTryAt = undefined;
  }

  /** Takes `stored` into use. Returns why it can't be used; the one before stays in use then. */
  use(stored: StoredCertificate): string | undefined {
    const { key, chain, obtained } = stored;
    const fault = certificateFault(stored, [this.domain]) ?? unusable({ cert: chain, key });
    if (fault !== undefined) return fault;
    const { validFrom, validTo } = new X509Certificate(chain);
    const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
    this.#pair = { cert: chain, key };
    this.#validity = { from, to, obtained: obtained === 0 ? from : obtained };
    this.#fraction = this.#random.float();
    return undefined;
  }

  /** When an order is to be made, milliseconds since 1970. */
  dueAt(now: number): number {
    const { failures, retryAt } = this.#state;
    const retry = failures === 0 ? 0 : Math.min(retryAt, this.#firstTryAt ?? retryAt);
    return Math.max(retry, this.#renewAt(now));
  }

  /** Time that the certificate in use is valid for yet. */
  restMs(now: number): number | undefined {
    return this.#validity === undefined ? undefined : this.#validity.to - now;
  }

  #renewAt(now: number): number {
    const validity = this.#validity;
    if (validity === undefined) return 0;
    const { from, to, obtained } = validity;
    const own = renewalTime(validity, now, this.#fraction);
    if (this.#state.renewAt === 0) return own;
    const lifetime = to - from;
    return Math.max(obtained + lifetime * EARLIEST, Math.min(this.#state.renewAt, from + lifetime * LATEST));
  }
}

/** Why the runtime's TLS does not take it. */
const unusable = (pair: PemPair): string | undefined => {
  try {
    createSecureContext(pair);
    return undefined;
  } catch {
    return "this runtime's TLS does not take it";
  }
};
