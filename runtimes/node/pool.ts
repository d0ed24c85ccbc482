/** Connections to one endpoint: a last-in-first-out stack of clients, each with one connection. */
import type { Dispatcher } from "undici";
import type { Endpoint } from "../../src/core/endpoint.ts";
import { ProxyError } from "../../src/core/errors.ts";
import { createClient } from "./client.ts";
import type { Borrower, ReadBuffer } from "./read-buffer.ts";

/** Gets a connection, or the reason why there is none. */
export interface Waiter {
  acquired(connection: Connection): void;
  refused(error: ProxyError): void;
}

/** One client and what it has to do. */
export interface Connection {
  readonly client: Dispatcher & { destroy(error?: Error | null): Promise<void> };
  inFlight: number;
  /** Never to be handed out again. */
  retired: boolean;
  /** Exchanges that its present connection has carried. */
  carried: number;
  /** See `ReadBuffer`. */
  lend(borrower: Borrower): void;
  /** All that was written has been taken over by the system. */
  hasSent(): boolean;
  /** See `InterimFilter`. */
  expectResponse(): void;
}

interface Waiting extends Waiter {
  readonly timer: NodeJS.Timeout | undefined;
}

/**
 * At most `endpoint.pool.connections` clients. The one used last is used next, so that the others fall idle and
 * close by themselves. Who finds all busy waits in line for at most the connect timeout.
 */
export class EndpointConnections {
  readonly #endpoint: Endpoint;
  readonly #connectMs: number;
  readonly #perConnection: number;
  readonly #free: Connection[] = [];
  readonly #waiting: Set<Waiting> = new Set();
  readonly #all: Set<Connection> = new Set();
  #closed = false;

  constructor(endpoint: Endpoint, connectMs: number) {
    this.#endpoint = endpoint;
    this.#connectMs = connectMs;
    this.#perConnection = Math.max(1, endpoint.pool.pipelining);
  }

  get size(): number {
    return this.#all.size;
  }

  /** A connection at once if one is free or may be opened. */
  tryAcquire(): Connection | undefined {
    const free = this.#free;
    const top = free[free.length - 1];
    if (top !== undefined) {
      if (++top.inFlight >= this.#perConnection) free.pop();
      return top;
    }
    if (this.#closed || this.#all.size >= this.#endpoint.pool.connections) return undefined;
    return this.#open();
  }

  /** Calls `waiter` once, later. @returns takes it out of the line */
  wait(waiter: Waiter): () => void {
    if (this.#closed) {
      waiter.refused(new ProxyError("draining"));
      return () => {};
    }
    const waiting: Waiting = {
      acquired: (connection) => waiter.acquired(connection),
      refused: (error) => waiter.refused(error),
      timer: this.#connectMs === 0 ? undefined : setTimeout(() => this.#giveUp(waiting), this.#connectMs),
    };
    this.#waiting.add(waiting);
    return () => {
      clearTimeout(waiting.timer);
      this.#waiting.delete(waiting);
    };
  }

  #giveUp(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    const { authority, pool } = this.#endpoint;
    waiting.refused(
      new ProxyError("overloaded", {
        detail: `all ${pool.connections} connections to ${authority} stayed busy for ${this.#connectMs} ms`,
      }),
    );
  }

  /** An exchange is over. `intact` is false when its connection must not be used again. */
  release(connection: Connection, intact: boolean): void {
    connection.inFlight--;
    if (!intact || connection.retired || this.#closed) this.#retire(connection);
    else if (connection.inFlight === this.#perConnection - 1) this.#free.push(connection);
    if (this.#waiting.size > 0) this.#serveWaiting();
  }

  /** Lets exchanges in flight finish; nobody gets a connection any more. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waiting of this.#waiting) {
      clearTimeout(waiting.timer);
      waiting.refused(new ProxyError("draining"));
    }
    this.#waiting.clear();
    this.#free.length = 0;
    await Promise.all([...this.#all].map(({ client }) => client.close()));
    this.#all.clear();
  }

  #open(): Connection {
    let reading: ReadBuffer | undefined;
    const connection: Connection = {
      client: createClient(this.#endpoint, this.#connectMs, (buffer) => (reading = buffer)),
      inFlight: 1,
      retired: false,
      carried: 0,
      lend: (borrower) => reading?.lend(borrower),
      hasSent: () => reading?.hasSent === true,
      expectResponse: () => reading?.interim.expectResponse(),
    };
    this.#all.add(connection);
    if (this.#perConnection > 1) this.#free.push(connection);
    // With work left the client connects anew by itself; without, a closed one is only in the way.
    connection.client.on("disconnect", () => {
      connection.carried = 0;
      if (connection.inFlight === 0 && !this.#closed) this.#retire(connection);
    });
    return connection;
  }

  #retire(connection: Connection): void {
    if (!connection.retired) {
      connection.retired = true;
      const index = this.#free.lastIndexOf(connection);
      if (index !== -1) this.#free.splice(index, 1);
    }
    if (connection.inFlight > 0 || !this.#all.delete(connection)) return;
    // Not from within undici's own parsing of the response that ended just now.
    queueMicrotask(() => void connection.client.destroy());
    if (this.#waiting.size > 0) this.#serveWaiting();
  }

  #serveWaiting(): void {
    for (const waiting of this.#waiting) {
      const connection = this.tryAcquire();
      if (connection === undefined) return;
      this.#waiting.delete(waiting);
      clearTimeout(waiting.timer);
      waiting.acquired(connection);
    }
  }
}
