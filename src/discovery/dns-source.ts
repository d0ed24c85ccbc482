/** Endpoints by DNS: each address of a name, or each target of a service. */
import type { Clock, Random } from "../core/platform.ts";
import type { EndpointSource, FoundEndpoint } from "../core/endpoint-source.ts";
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
  /** SRV records come without a TTL on some runtimes; they are asked for again after so long. @default 30000 */
  readonly serviceTtlMs?: number;
}

/** Shorter TTLs would be a burden on the resolver, longer ones would hide a change for too long. */
const MIN_TTL_MS = 1_000;
const MAX_TTL_MS = 300_000;
const DEFAULT_SERVICE_TTL_MS = 30_000;
/** A name without records is asked for again after so long: it has no TTL, and mostly gets records soon. */
const EMPTY_TTL_MS = 5_000;

interface Found {
  readonly endpoints: readonly FoundEndpoint[];
  readonly ttlMs: number;
}

export const dnsSource = (options: DnsSourceOptions): EndpointSource => {
  const { clock, random, name, port } = options;
  const poller = new Poller({
    clock,
    random,
    ask: async () => {
      const { endpoints, ttlMs } =
        port === undefined ? await services(options) : await addresses(name, port, options);
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

/** IPv4 and IPv6; one of the two may fail. */
const addresses = async (
  name: string,
  port: number,
  { resolver, scheme }: DnsSourceOptions,
): Promise<Found> => {
  const answers = await Promise.allSettled([resolver.addresses(name, 4), resolver.addresses(name, 6)]);
  const records = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  const [failure] = answers.filter((answer) => answer.status === "rejected");
  if (records.length === 0 && failure !== undefined) throw failure.reason;
  return {
    endpoints: records.map(({ address }) => ({ url: urlOf(scheme, address, port), name })),
    ttlMs: records.reduce((least, { ttlSeconds }) => Math.min(least, ttlSeconds * 1_000), MAX_TTL_MS),
  };
};

/** Priorities become tiers, weights stay; weight 0 means "rarely" in SRV records, not "never". */
const services = async (options: DnsSourceOptions): Promise<Found> => {
  const { resolver, name, serviceTtlMs = DEFAULT_SERVICE_TTL_MS } = options;
  const records = (await resolver.services(name)).filter(({ target }) => target !== "" && target !== ".");
  const found = await Promise.all(
    records.map(async ({ target, port, priority, weight }) => {
      const { endpoints, ttlMs } = await addresses(target, port, options);
      const isOnly = records.every((record) => record.weight === 0);
      return {
        endpoints: endpoints.map((endpoint) => ({
          ...endpoint,
          priority,
          weight: isOnly ? 1 : Math.max(weight, 0.1),
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
  `${scheme}://${address.includes(":") ? `[${address}]` : address}:${port}`;
