/** What `listen.tls.acme` makes of listeners: the certificates that they serve, and their answers to challenges. */
import { isDeepStrictEqual } from "node:util";
import { ConfigError } from "../../../src/config/config-error.ts";
import { type ConfigPath, problemAt } from "../../../src/config/problem.ts";
import type { AcmeConfig, Config, ListenCertificate, ListenTlsConfig } from "../../../src/config/types.ts";
import { challengeOf } from "../../../src/config/settings/acme.ts";
import type { Platform } from "../../../src/core/platform.ts";
import type { Gateway } from "../../../src/gateway.ts";
import type { LogEvent } from "../../../src/observe/event-log.ts";
import { ACME_INSTRUMENTS } from "../../../src/observe/acme-instruments.ts";
import type { MetricRegistry } from "../../../src/observe/metric-registry.ts";
import { errorCode } from "../../error-code.ts";
import { type PemPair, issueCertificate } from "../../x509.ts";
import type { ServedTls } from "../server/served-tls.ts";
import { CertificateKeeper, type OrderCounts } from "./certificate-keeper.ts";
import type { TlsChallenges } from "./challenge-board.ts";
import { challengeGateway } from "./challenge-gateway.ts";
import type { ChallengeType } from "./order-certificate.ts";

export interface AcmeOptions {
  readonly platform: Platform;
  readonly emit: (event: LogEvent) => void;
  /** Whether it orders, and does not only serve what others have stored. */
  readonly isOrdering: boolean;
  /** A listener is to serve another certificate. */
  readonly changed: () => void;
}

/** What is common to the listeners of one config. */
export interface AcmeListeners {
  /** `tls` with the certificates that are in use now. */
  served(tls: ListenTlsConfig): ServedTls;
  /** `tls` with the certificates that were obtained so far. */
  obtained(tls: ListenTlsConfig): ListenTlsConfig;
  /** Undefined where no name is checked by TLS. */
  challengesFor(tls: ListenTlsConfig): TlsChallenges | undefined;
  /** `gateway`, behind answers to challenges by plain HTTP. */
  answering(gateway: Gateway): Gateway;
  takeEffect(registry: MetricRegistry | undefined): void;
  /** Orders begin. */
  start(): void;
  discard(): Promise<void>;
}

interface Asked {
  readonly settings: AcmeConfig;
  readonly challenge: ChallengeType;
  readonly path: ConfigPath;
}

interface Kept {
  readonly asked: Asked;
  readonly keeper: CertificateKeeper;
}

/** Outlives configs: what is the same in the next one goes on. */
export class AcmeServer {
  readonly #options: AcmeOptions;
  #kept: readonly Kept[] = [];
  #placeholder: PemPair | undefined;
  #registry: MetricRegistry | undefined;
  /** Orders of closed keepers, so that the counter never falls. */
  #counted: Readonly<OrderCounts> = NO_ORDERS;
  /** Keepers that are closing. */
  readonly #leaving: Set<CertificateKeeper> = new Set();

  constructor(options: AcmeOptions) {
    this.#options = options;
  }

  /** @throws ConfigError where a storage can't be written. */
  async prepare(config: Config): Promise<AcmeListeners> {
    const opened: Kept[] = [];
    const discard = async (): Promise<void> => {
      await Promise.all(opened.map(({ keeper }) => keeper.close()));
    };
    const next: Kept[] = [];
    try {
      for (const asked of askedFor(config)) {
        const known = this.#kept.find((kept) => isSame(kept.asked, asked));
        const kept = known ?? { asked, keeper: await this.#open(asked) };
        if (known === undefined) opened.push(kept);
        next.push(kept);
      }
      if (next.length > 0) await this.#makePlaceholder();
    } catch (error) {
      await discard();
      throw error;
    }
    return {
      served: (tls) => this.#served(tls, next),
      obtained: (tls) => ({
        ...tls,
        certificates: [
          ...tls.certificates,
          ...(keptFor(tls.acme, next)?.keeper.certificates ?? []).flatMap(given),
        ],
      }),
      challengesFor: ({ acme }) => {
        const found = keptFor(acme, next);
        return found?.asked.challenge === "tls-alpn-01" ? found.keeper.board : undefined;
      },
      answering: (gateway) =>
        challengeGateway(gateway, this.#options.platform, async (token) => {
          for (const { keeper } of next) {
            const found = await keeper.board.keyAuthorization(token);
            if (found !== undefined) return found;
          }
          return undefined;
        }),
      takeEffect: (registry) => {
        const gone = this.#kept.filter((kept) => !next.includes(kept));
        this.#kept = next;
        this.#observe(registry);
        for (const { keeper } of gone) void this.#leave(keeper);
      },
      start: () => {
        for (const { keeper } of opened) keeper.start();
      },
      discard,
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#kept.map(({ keeper }) => keeper.close()));
  }

  async #open({ settings, challenge, path }: Asked): Promise<CertificateKeeper> {
    const { platform, ...options } = this.#options;
    const { clock, random } = platform;
    try {
      return await CertificateKeeper.open({ settings, challenge, clock, random, ...options });
    } catch (thrown) {
      const reason = errorCode(thrown);
      if (reason === undefined) throw thrown;
      throw new ConfigError([problemAt([...path, "storage"], `the directory can't be written: ${reason}`)]);
    }
  }

  /** A certificate that nobody trusts: TLS takes one, and names are checked by listeners that are open. */
  async #makePlaceholder(): Promise<void> {
    this.#placeholder ??= await issueCertificate(
      {
        name: "Fairlead: no certificate was obtained yet",
        names: [],
        days: PLACEHOLDER_DAYS,
        isAuthority: false,
      },
      this.#options.platform.clock.epoch(),
    );
  }

  #served(tls: ListenTlsConfig, next: readonly Kept[]): ServedTls {
    const own = keptFor(tls.acme, next)?.keeper.certificates ?? [];
    const given =
      tls.cert === undefined || tls.key === undefined ? undefined : { cert: tls.cert, key: tls.key };
    const first = given ?? own.find(([, pair]) => pair !== undefined)?.[1] ?? this.#placeholder;
    if (first === undefined) throw new TypeError("TLS without a certificate");
    const obtained = own.map(([domain, pair]): ListenCertificate => ({
      names: [domain],
      ...(pair ?? first),
    }));
    return { ...tls, ...first, certificates: [...tls.certificates, ...obtained] };
  }

  /** Closes a keeper, whose order under way may still be counted. */
  async #leave(keeper: CertificateKeeper): Promise<void> {
    this.#leaving.add(keeper);
    await keeper.close();
    this.#leaving.delete(keeper);
    this.#counted = added(this.#counted, keeper.counts);
  }

  /** Each thread counts its own orders. What fails in another one it reads from the storage. */
  #observe(registry: MetricRegistry | undefined): void {
    if (registry === undefined || registry === this.#registry) return;
    this.#registry = registry;
    const { failing, orders } = ACME_INSTRUMENTS;
    registry.observe((observe) => {
      const keepers = [...this.#kept.map(({ keeper }) => keeper), ...this.#leaving];
      const { obtained, failed, rateLimited } = keepers.reduce(
        (sum, { counts }) => added(sum, counts),
        this.#counted,
      );
      observe(orders, ["obtained"], obtained);
      observe(orders, ["failed"], failed);
      observe(orders, ["rate-limited"], rateLimited);
      for (const { keeper } of this.#kept) {
        for (const [domain] of keeper.certificates) {
          observe(failing, [domain], keeper.failing.includes(domain) ? 1 : 0);
        }
      }
    });
  }
}

const NO_ORDERS: Readonly<OrderCounts> = { obtained: 0, failed: 0, rateLimited: 0 };

const added = (one: Readonly<OrderCounts>, other: Readonly<OrderCounts>): OrderCounts => ({
  obtained: one.obtained + other.obtained,
  failed: one.failed + other.failed,
  rateLimited: one.rateLimited + other.rateLimited,
});

const given = ([domain, pair]: CertificateKeeper["certificates"][number]): ListenCertificate[] =>
  pair === undefined ? [] : [{ names: [domain], ...pair }];

const PLACEHOLDER_DAYS = 3_650;

const isSame = (one: Asked, other: Asked): boolean =>
  one.challenge === other.challenge && isDeepStrictEqual(one.settings, other.settings);

const keptFor = (settings: AcmeConfig | undefined, among: readonly Kept[]): Kept | undefined =>
  among.find(({ asked }) => isDeepStrictEqual(asked.settings, settings));

/** Each once, with the challenge that the listeners can answer where the config leaves it open. */
const askedFor = ({ listen }: Config): readonly Asked[] => {
  const all = [listen, ...listen.also];
  const asked = all.flatMap(({ tls }, index): Asked[] => {
    if (tls?.acme === undefined) return [];
    const path = index === 0 ? ["listen", "tls", "acme"] : ["listen", "also", index - 1, "tls", "acme"];
    return [{ settings: tls.acme, challenge: challengeOf(tls.acme, listen), path }];
  });
  return asked.filter((each, index) => asked.findIndex((other) => isSame(other, each)) === index);
};
