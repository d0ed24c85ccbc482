/** Endpoints by DNS: each address of a name, or each target of a service. */
import type { Clock, Random } from "../core/platform.ts";
import type { EndpointSource, FoundEndpoint } from "../core/endpoint-source.ts";
import { urlHost } from "../http/url-host.ts";
import { Poller } from "./poller.ts";

export interface AddressRecord {
  readonly address: string;
  readonly ttlSeconds: number;
}

/** RFC 2782. */
export interface ServiceRecord {
  readonly target: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** The port to a runtime's resolver. Names without a record resolve to an empty list; other failures reject. */
export interface DnsResolver {
  addresses(name: string, family: 4 | 6): Promise<readonly AddressRecord[]>;
  services(name: string): Promise<readonly ServiceRecord[]>;
}

export interface DnsSourceOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly resolver: DnsResolver;
  readonly name: string;
  readonly scheme: "http" | "https";
  /** Undefined asks for SRV records, which bring their own. */
  readonly port: number | undefined;
  /** No runtime's resolver reports the TTL of SRV records: they are looked up again after this time. @default 30000 */
  readonly serviceTtlMs?: number;
}

/** Shorter TTLs would be a burden on the resolver, longer ones would hide a change for too long. */
const MIN_TTL_MS = 1_000;
const MAX_TTL_MS = 300_000;
const DEFAULT_SERVICE_TTL_MS = 30_000;
/** A name without records is asked for again after this time: it has no TTL, and mostly gets records soon. */
const EMPTY_TTL_MS = 5_000;
/** Most answers that are kept: the targets of SRV records change with the servers. */
const MOST_KNOWN = 2_000;

interface Found {
  readonly endpoints: readonly FoundEndpoint[];
  readonly ttlMs: number;
}

interface LookUp extends DnsSourceOptions {
  readonly book: AddressBook;
}

export const dnsSource = (options: DnsSourceOptions): EndpointSource => {
  const { clock, random, name, port } = options;
  const lookUp: LookUp = { ...options, book: new AddressBook(options.resolver) };
  const poller = new Poller({
    clock,
    random,
    ask: async () => {
      const { endpoints, ttlMs } =
        port === undefined ? await services(lookUp) : await addresses(name, port, lookUp);
      return {
        update: { kind: "found", endpoints },
        nextMs: endpoints.length === 0 ? EMPTY_TTL_MS : Math.min(MAX_TTL_MS, Math.max(MIN_TTL_MS, ttlMs)),
      };
    },
  });
  return {
    name: `DNS ${port === undefined ? "service" : "name"} ${name}`,
    start: (listener) => poller.start(listener),
    stop: () => poller.stop(),
  };
};

/**
 * IPv4 and IPv6 addresses of names. One of the two look-ups may fail, as with a resolver that knows nothing of IPv6. Then the last
 * answer to it counts, if there was one: without it the addresses of the other family would get all traffic.
 */
class AddressBook {
  readonly #resolver: DnsResolver;
  /** The last answers, the oldest first. */
  readonly #known: Map<string, readonly AddressRecord[]> = new Map();

  constructor(resolver: DnsResolver) {
    this.#resolver = resolver;
  }

  async lookUp(name: string): Promise<readonly AddressRecord[]> {
    const answers = await Promise.allSettled([this.#ask(name, 4), this.#ask(name, 6)]);
    const hasAnswer = answers.some((answer) => answer.status === "fulfilled" && answer.value.length > 0);
    return answers.flatMap((answer, index) => {
      if (answer.status === "fulfilled") return answer.value;
      if (!hasAnswer) throw answer.reason;
      return this.#known.get(keyOf(name, index === 0 ? 4 : 6)) ?? [];
    });
  }

  async #ask(name: string, family: 4 | 6): Promise<readonly AddressRecord[]> {
    const records = await this.#resolver.addresses(name, family);
    const key = keyOf(name, family);
    this.#known.delete(key);
    this.#known.set(key, records);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST_KNOWN && oldest !== undefined) this.#known.delete(oldest);
    return records;
  }
}

const keyOf = (name: string, family: 4 | 6): string => `${family} ${name}`;

const addresses = async (
  name: string,
  port: number,
  { book, scheme }: Pick<LookUp, "book" | "scheme">,
): Promise<Found> => {
  const records = await book.lookUp(name);
  return {
    endpoints: records.map(({ address }) => ({ url: urlOf(scheme, address, port), name })),
    ttlMs: records.reduce((least, { ttlSeconds }) => Math.min(least, ttlSeconds * 1_000), MAX_TTL_MS),
  };
};

/** Priorities become tiers, weights stay; weight 0 means "rarely" in SRV records, not "never". */
const services = async (options: LookUp): Promise<Found> => {
  const { resolver, name, serviceTtlMs = DEFAULT_SERVICE_TTL_MS } = options;
  const records = (await resolver.services(name)).filter(({ target }) => target !== "" && target !== ".");
  const isUnweighted = records.every(({ weight }) => weight === 0);
  const found = await Promise.all(
    records.map(async ({ target, port, priority, weight }) => {
      const { endpoints, ttlMs } = await addresses(target, port, options);
      return {
        endpoints: endpoints.map((endpoint) => ({
          ...endpoint,
          priority,
          weight: isUnweighted ? 1 : Math.max(weight, 0.1),
        })),
        ttlMs,
      };
    }),
  );
  return {
    endpoints: found.flatMap(({ endpoints }) => endpoints),
    ttlMs: found.reduce((least, { ttlMs }) => Math.min(least, ttlMs), serviceTtlMs),
  };
};

const urlOf = (scheme: string, address: string, port: number): string =>
  `${scheme}://${urlHost(address)}:${port}`;
