/** DNS by the runtime's own resolver (`node:dns`). */
import { promises } from "node:dns";
import type { DnsResolver } from "../../../src/discovery/dns-source.ts";
import { errorCode } from "../../error-code.ts";

export interface ResolverOptions {
  /** `address` or `address:port` of servers to ask. @default the system's */
  readonly servers?: readonly string[] | undefined;
}

/** The name exists without such a record, or not at all. */
const EMPTY: ReadonlySet<string> = new Set(["ENODATA", "ENOTFOUND"]);

/** Asks name servers; the system's hosts file is not read. */
export const dnsResolver = ({ servers }: ResolverOptions = {}): DnsResolver => {
  // A new one for each question: some runtimes' resolvers cache answers, above all empty ones, for longer than their TTL.
  const resolverFor = (): promises.Resolver => {
    const resolver = new promises.Resolver();
    if (servers !== undefined) resolver.setServers(servers);
    return resolver;
  };
  return {
    async addresses(name, family) {
      const resolver = resolverFor();
      const records = await orEmpty(
        family === 4 ? resolver.resolve4(name, { ttl: true }) : resolver.resolve6(name, { ttl: true }),
      );
      return records.map(({ address, ttl }) => ({ address, ttlSeconds: ttl }));
    },
    async services(name) {
      const records = await orEmpty(resolverFor().resolveSrv(name));
      return records.map((record) => ({
        target: record.name,
        port: record.port,
        priority: record.priority,
        weight: record.weight,
      }));
    },
  };
};

const orEmpty = async <T>(answer: Promise<readonly T[]>): Promise<readonly T[]> => {
  try {
    return await answer;
  } catch (thrown) {
    const code = errorCode(thrown) ?? "unknown reason";
    if (EMPTY.has(code)) return [];
    throw new TypeError(`the name could not be looked up (${code})`, { cause: thrown });
  }
};
