/** Reaches upstreams over sockets: HTTP/1.1 by `node:net` and `node:tls`, the same on Node, Deno and Bun. */
import { createHash } from "node:crypto";
import { lookup as resolve } from "node:dns";
import type { Endpoint } from "../../../src/core/endpoint.ts";
import { ProxyError } from "../../../src/core/errors.ts";
import type { Attempt } from "../../../src/core/exchange.ts";
import type { Clock, PoolState, Transport } from "../../../src/core/platform.ts";
import type { Reply } from "../../../src/core/reply.ts";
import { hostAndPort } from "../../../src/http/url-host.ts";
import { Deadlines } from "../deadlines.ts";
import type { Destination, Lookup } from "./dial.ts";
import { Pool } from "./pool.ts";
import { Roundtrip } from "./roundtrip.ts";
import { tlsClient } from "./tls.ts";

export interface EngineTransportOptions {
  readonly clock: Clock;
  /** @default a sweep of its own */
  readonly deadlines?: Deadlines;
  /** Addresses of a name. @default the system's resolver */
  readonly lookup?: Lookup;
  /** Whether the runtime's TLS sockets read on while they are paused. @default false */
  readonly pacesTls?: boolean;
}

const systemLookup: Lookup = (host, done) => {
  // A look-up that fails comes without addresses, whatever its type says.
  resolve(host, { all: true }, (error, addresses) =>
    error === null ? done(undefined, addresses) : done(error, []),
  );
};

export const engineTransport = (options: EngineTransportOptions): Transport => new EngineTransport(options);

class EngineTransport implements Transport {
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #lookup: Lookup;
  readonly #pacesTls: boolean;
  readonly #keys: WeakMap<Endpoint, string> = new WeakMap();
  /** By connection key, so that equal endpoints of two plans share their connections. */
  readonly #pools: Map<string, Pool> = new Map();
  readonly #known: WeakMap<Endpoint, Pool> = new WeakMap();
  /** Pools that close, and still have connections. */
  readonly #retired: Set<Pool> = new Set();
  #isClosed = false;

  constructor(options: EngineTransportOptions) {
    const { clock } = options;
    this.#clock = clock;
    this.#deadlines = options.deadlines ?? new Deadlines(clock);
    this.#lookup = options.lookup ?? systemLookup;
    this.#pacesTls = options.pacesTls ?? false;
  }

  send(attempt: Attempt): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const pool = this.#known.get(attempt.endpoint) ?? this.#poolOf(attempt.endpoint);
      const [clock, deadlines] = [this.#clock, this.#deadlines];
      const roundtrip = new Roundtrip({ attempt, pool, clock, deadlines, resolve, reject });
      if (this.#isClosed) roundtrip.refused(new ProxyError("draining", { progress: "connecting" }));
      else roundtrip.start();
    });
  }

  *pools(): Iterable<PoolState> {
    yield* this.#pools.values();
    yield* this.#retired;
  }

  retire(before: Iterable<Endpoint>, after: Iterable<Endpoint>): void {
    const unused = new Set(Array.from(before, this.#keyOf).filter((key) => this.#pools.has(key)));
    if (unused.size > 0) for (const endpoint of after) unused.delete(this.#keyOf(endpoint));
    for (const key of unused) {
      const pool = this.#pools.get(key) as Pool;
      this.#pools.delete(key);
      this.#retired.add(pool);
      void pool.close().then(() => this.#retired.delete(pool));
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#pools.values(), ...this.#retired].map((pool) => pool.close()));
  }

  readonly #keyOf = (endpoint: Endpoint): string => {
    const key = this.#keys.get(endpoint) ?? connectionKey(endpoint);
    this.#keys.set(endpoint, key);
    return key;
  };

  #poolOf(endpoint: Endpoint): Pool {
    const key = this.#keyOf(endpoint);
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      pool = new Pool({
        endpoint,
        destination: destinationOf(endpoint, this.#pacesTls),
        clock: this.#clock,
        deadlines: this.#deadlines,
        lookup: this.#lookup,
      });
      this.#pools.set(key, pool);
    }
    this.#known.set(endpoint, pool);
    return pool;
  }
}

/** All that a connection depends on. Hashed: the settings hold private keys. */
const connectionKey = ({ upstream, origin, socketPath, tls, pool, maxHeadBytes }: Endpoint): string =>
  createHash("sha256")
    .update(JSON.stringify([upstream, origin, socketPath, tls, pool, String(pool.connections), maxHeadBytes]))
    .digest("base64");

const destinationOf = ({ origin, socketPath, tls }: Endpoint, isPaced: boolean): Destination => {
  const at = hostAndPort(origin);
  return {
    ...at,
    socketPath,
    tls: tls === undefined ? undefined : tlsClient(tls, { host: at.host, isPaced }),
  };
};
