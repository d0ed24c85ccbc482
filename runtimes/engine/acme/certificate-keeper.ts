/** Obtains the certificates of `listen.tls.acme` and renews them. Whatever goes wrong, a certificate that is in use stays in use. */
import type { AcmeConfig } from "../../../src/config/types.ts";
import type { Cancel, Clock, Random } from "../../../src/core/platform.ts";
import type { LogEvent } from "../../../src/observe/event-log.ts";
import type { PemPair } from "../../x509.ts";
import { errorCode } from "../../error-code.ts";
import { directoryUrlOf } from "./acme-account.ts";
import { AcmeError } from "./acme-error.ts";
import { AcmeStorage } from "./acme-storage.ts";
import { ChallengeBoard, REFRESH_MS } from "./challenge-board.ts";
import { takeLock } from "./file-lock.ts";
import { KeptCertificate } from "./kept-certificate.ts";
import type { ChallengeType } from "./order-certificate.ts";
import { checkRenewal, obtain } from "./obtain.ts";
import { timeLimit } from "./time-limit.ts";
import { isClockWrong, retryPause } from "./renewal-time.ts";

export interface KeeperOptions {
  readonly settings: AcmeConfig;
  readonly challenge: ChallengeType;
  readonly clock: Clock;
  readonly random: Random;
  readonly emit: (event: LogEvent) => void;
  /** Whether it orders, and does not only look at what others have stored. */
  readonly isOrdering: boolean;
  /** Another certificate is in use. */
  readonly changed: () => void;
}

/** Orders since the start. */
export interface OrderCounts {
  obtained: number;
  failed: number;
  rateLimited: number;
}

/** An order that takes longer has failed. */
const ORDER_MS = 300_000;

export class CertificateKeeper {
  readonly counts: OrderCounts = { obtained: 0, failed: 0, rateLimited: 0 };
  readonly board: ChallengeBoard;
  readonly storage: AcmeStorage;
  readonly #options: KeeperOptions;
  readonly #kept: readonly KeptCertificate[];
  readonly #stamps = new Map<string, string>();
  readonly #stopped = new AbortController();
  /** Events until the start: there is no log before. */
  #held: LogEvent[] | undefined = [];
  /** Why the storage could not be read at the last look. */
  #unreadable = "";
  #cancel: Cancel = () => {};
  #looking: Promise<void> | undefined;
  #working: Promise<void> | undefined;
  /** The one that an order is under way for: its certificate and state may be newer than what is stored. */
  #atWork: KeptCertificate | undefined;

  private constructor(options: KeeperOptions) {
    const { settings, clock, random } = options;
    this.#options = options;
    this.storage = new AcmeStorage(settings.storage, directoryUrlOf(settings));
    this.board = new ChallengeBoard({
      storage: this.storage,
      clock,
      signal: this.#stopped.signal,
      warn: (message) => this.#say("warning", message),
    });
    this.#kept = settings.domains.map((domain) => new KeptCertificate(domain, random));
  }

  /**
   * Reads what is stored. Nothing is ordered before `start`.
   *
   * @throws a system error where the storage can't be written.
   */
  static async open(options: KeeperOptions): Promise<CertificateKeeper> {
    const keeper = new CertificateKeeper(options);
    await keeper.storage.prepare();
    for (const kept of keeper.#kept) await keeper.#read(kept, true);
    return keeper;
  }

  /** The certificates in use, by domain; undefined for those that are not there yet. */
  get certificates(): readonly (readonly [domain: string, pair: PemPair | undefined])[] {
    return this.#kept.map(({ domain, pair }) => [domain, pair]);
  }

  /** Domains whose last attempt failed. */
  get failing(): readonly string[] {
    return this.#kept.filter(({ state }) => state.failures > 0).map(({ domain }) => domain);
  }

  start(): void {
    const { emit, isOrdering } = this.#options;
    if (isOrdering) for (const event of this.#held ?? []) emit(event);
    this.#held = undefined;
    this.#look();
  }

  /** Stops, an order that is under way included. Nothing happens after it. */
  async close(): Promise<void> {
    this.#stopped.abort(new Error("stopped"));
    this.#cancel();
    await this.#looking;
    await this.#working;
  }

  #look(): void {
    if (this.#stopped.signal.aborted) return;
    this.#looking = this.#lookOnce().finally(() => {
      // `close` waits for this look, and may have cancelled what came before it.
      if (this.#stopped.signal.aborted) return;
      this.#cancel = this.#options.clock.after(REFRESH_MS, () => this.#look());
    });
  }

  /** What others have stored, and what is due. */
  async #lookOnce(): Promise<void> {
    const { clock } = this.#options;
    try {
      await this.board.refresh();
      for (const kept of this.#kept) if (kept !== this.#atWork) await this.#read(kept, false);
      this.#unreadable = "";
    } catch (thrown) {
      const reason = reasonOf(thrown);
      if (reason !== this.#unreadable)
        this.#say("error", `the storage of certificates can't be read: ${reason}`);
      this.#unreadable = reason;
      return;
    }
    if (this.#working !== undefined || !this.#options.isOrdering) return;
    const now = clock.epoch();
    const next = this.#kept.find((kept) => kept.dueAt(now) <= now || needsCheck(kept, now));
    if (next === undefined) return;
    this.#atWork = next;
    this.#working = this.#work(next).finally(() => {
      this.#atWork = undefined;
      this.#working = undefined;
    });
  }

  /** Takes over what is in the storage, if it is new. */
  async #read(kept: KeptCertificate, isStart: boolean): Promise<void> {
    const { domain } = kept;
    const stamp = await this.storage.stamp(domain);
    if (this.#stamps.get(domain) === stamp) return;
    this.#stamps.set(domain, stamp);
    kept.know(await this.storage.readState(domain), isStart);
    const stored = await this.storage.readCertificate(domain);
    if (stored === undefined) return;
    if (stored !== "unreadable" && stored.chain === kept.pair?.cert) return;
    const fault = stored === "unreadable" ? "it is no certificate with its key" : kept.use(stored);
    if (fault === undefined) {
      if (!isStart) this.#options.changed();
    } else {
      this.#say("warning", `the stored certificate for ${domain} can't be used: ${fault}`, { domain });
    }
  }

  /** One domain, unless another thread or process is at it. */
  async #work(kept: KeptCertificate): Promise<void> {
    const { clock } = this.#options;
    const { domain } = kept;
    try {
      const unlock = await takeLock(this.storage.lockPath(domain), clock);
      if (unlock === undefined) return;
      const limit = timeLimit(this.#stopped.signal, ORDER_MS, clock);
      try {
        // Another may have done it since.
        await this.#read(kept, false);
        const now = clock.epoch();
        if (kept.dueAt(now) <= now) await this.#obtain(kept, limit.signal);
        else if (needsCheck(kept, now)) await this.#check(kept, limit.signal);
      } finally {
        limit.end();
        await unlock();
      }
    } catch (thrown) {
      if (this.#stopped.signal.aborted) return;
      await this.#failed(kept, thrown);
    }
  }

  async #obtain(kept: KeptCertificate, signal: AbortSignal): Promise<void> {
    const { settings, challenge, clock, random } = this.#options;
    const { domain } = kept;
    this.#say("info", `obtaining a certificate for ${domain}`, { domain, challenge });
    const { stored, renewal } = await obtain(
      { domains: [domain], challenge, replaced: kept.pair?.cert },
      {
        settings,
        storage: this.storage,
        answers: this.board,
        clock,
        random,
        signal,
        warn: (message) => this.#say("warning", message, { domain }),
      },
    );
    const fault = kept.use(stored);
    if (fault !== undefined)
      throw new AcmeError("unexpected-answer", `the certificate can't be used: ${fault}`);
    kept.know(renewal, false);
    this.counts.obtained += 1;
    this.#options.changed();
    this.#tellOfObtained(kept);
    await this.#store(kept, () => this.storage.writeCertificate(domain, stored));
    await this.#store(kept, () => this.storage.writeState(domain, renewal));
    this.#stamps.set(domain, await this.storage.stamp(domain));
  }

  #tellOfObtained({ domain, validity }: KeptCertificate): void {
    if (validity === undefined) return;
    const until = new Date(validity.to).toISOString();
    this.#say("info", `a certificate for ${domain} was obtained; it is valid until ${until}`, {
      domain,
      until,
    });
    if (!isClockWrong(validity)) return;
    this.#say(
      "warning",
      `the clock of this machine and the authority's differ: the new certificate for ${domain} is valid from ${new Date(validity.from).toISOString()} until ${until}`,
      { domain },
    );
  }

  /** What can't be stored is in use all the same. */
  async #store({ domain }: KeptCertificate, write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (thrown) {
      this.#say("error", `the certificate for ${domain} can't be stored: ${reasonOf(thrown)}`, { domain });
    }
  }

  async #check(kept: KeptCertificate, signal: AbortSignal): Promise<void> {
    const { settings, clock, random } = this.#options;
    const state = await checkRenewal(kept, {
      settings,
      clock,
      random,
      signal,
      debug: (message) => this.#say("debug", message, { domain: kept.domain }),
    });
    kept.know(state, false);
    await this.#store(kept, () => this.storage.writeState(kept.domain, state));
  }

  async #failed(kept: KeptCertificate, thrown: unknown): Promise<void> {
    const { clock, random } = this.#options;
    const now = clock.epoch();
    const failures = kept.state.failures + 1;
    const restMs = kept.restMs(now);
    const { isRateLimit = false, retryAfterMs } = thrown instanceof AcmeError ? thrown : {};
    const retryAt = now + retryPause({ failures, restMs, retryAfterMs }, random);
    const state = {
      ...kept.state,
      failures,
      failedAt: now,
      retryAt,
      isRateLimited: isRateLimit || retryAfterMs !== undefined,
    };
    this.counts[isRateLimit ? "rateLimited" : "failed"] += 1;
    kept.know(state, false);
    const isValid = restMs !== undefined && restMs > 0;
    const stays = isValid ? "; the one in use stays" : "";
    const { domain } = kept;
    this.#say(
      isValid ? "warning" : "error",
      `no certificate for ${domain} was obtained: ${reasonOf(thrown)}${stays}`,
      {
        domain,
        failures,
        retry_at: new Date(retryAt).toISOString(),
      },
    );
    await this.#store(kept, () => this.storage.writeState(domain, state));
  }

  #say(level: LogEvent["level"], message: string, facts: NonNullable<LogEvent["facts"]> = {}): void {
    const event: LogEvent = { category: "acme", level, message, facts };
    const { emit, isOrdering } = this.#options;
    if (this.#held === undefined) {
      if (isOrdering) emit(event);
    } else this.#held.push(event);
  }
}

const needsCheck = ({ pair, state }: KeptCertificate, now: number): boolean =>
  pair !== undefined && state.checkAt <= now;

const reasonOf = (thrown: unknown): string => {
  if (thrown instanceof AcmeError) return thrown.message;
  return errorCode(thrown) ?? (thrown instanceof Error ? thrown.message : String(thrown));
};
