/** The connections to one endpoint. */
import type { Socket } from "node:net";
import type { Endpoint } from "../../../src/core/endpoint.ts";
import type { ProxyError } from "../../../src/core/errors.ts";
import type { Cancel, Clock, PoolState } from "../../../src/core/platform.ts";
import type { DeadlineEntry, Deadlines } from "../deadlines.ts";
import { Connection } from "./connection.ts";
import { type Destination, type Lookup, dial } from "./dial.ts";
import { attemptFailure, connectFailure } from "./failures.ts";
import { ForwardedLines } from "./request-head.ts";
import { type ResponseFormat, responseFormat } from "./response-intake.ts";

/** Gets a connection, or the reason why there is none. */
export interface Waiter {
  /** How long it may take; 0 is no limit. */
  readonly connectMs: number;
  /** Whether a connection that was used before will do. */
  readonly takesUsed: boolean;
  /** Whether the connection may become a tunnel; takes no used one then. */
  readonly isForTunnel: boolean;
  acquired(connection: Connection): void;
  refused(error: ProxyError): void;
}

export interface PoolOptions {
  readonly endpoint: Endpoint;
  readonly destination: Destination;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly lookup: Lookup;
}

/** A waiter's place in the line. */
interface Place {
  /** Whether a connection is being made for it. */
  isDialling: boolean;
  /** Gives that up, or takes back the limit of the time in line. */
  cancel: Cancel;
}

const nothing: Cancel = () => {};

/** Idle connections over `pool.idle` are closed once that many have not been used for so long. */
const SURPLUS_MS = 1_000;

/**
 * The connection used last is used next, so that the others fall idle and close. A request that finds none idle opens one,
 * and takes another if that becomes free before. With `pool.connections` of them open it waits in line.
 *
 * More than `pool.idle` of them may be idle for a moment: answers and requests come in bursts, and connections closed between
 * two of them would be opened again at once.
 */
export class Pool implements DeadlineEntry, PoolState {
  readonly #options: PoolOptions;
  readonly #format: ResponseFormat;
  readonly #forwarded = new ForwardedLines();
  readonly #idle: Connection[] = [];
  readonly #all: Set<Connection> = new Set();
  /** In order of arrival. */
  readonly #waiting: Map<Waiter, Place> = new Map();
  #dialling = 0;
  #isSwept = false;
  /** When the surplus of idle connections is looked at, while there is one. */
  #surplusAt = Infinity;
  /** Fewest idle connections since the surplus began or was looked at. */
  #leastIdle = 0;
  #closed: Promise<void> | undefined;
  #whenEmpty: (() => void) | undefined;
  /** When the next idle connection is too old, or earlier. */
  deadline: number = Infinity;
  opened = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#format = responseFormat(options.endpoint.maxHeadBytes);
  }

  get endpoint(): Endpoint {
    return this.#options.endpoint;
  }
  get open(): number {
    return this.#all.size;
  }
  get idle(): number {
    return this.#idle.length;
  }
  get waiting(): number {
    return this.#waiting.size;
  }

  /** An idle connection, if there is one. */
  take(now: number): Connection | undefined {
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      this.#leastIdle = Math.min(this.#leastIdle, this.#idle.length);
      if (connection.idleUntil > now) return connection;
      connection.destroy();
    }
    return undefined;
  }

  /** Calls `waiter` once, possibly at once, unless it leaves. */
  wait(waiter: Waiter): void {
    const place = { isDialling: false, cancel: nothing };
    this.#waiting.set(waiter, place);
    if (this.#hasRoom()) this.#dial(waiter, place);
    else this.#limitWait(waiter, place);
  }

  /** Takes a waiter out of the line and gives up what was begun for it. */
  leave(waiter: Waiter): void {
    const place = this.#waiting.get(waiter);
    this.#waiting.delete(waiter);
    place?.cancel();
  }

  /** An exchange is over, and its connection may carry another one until `idleUntil`. */
  release(connection: Connection, idleUntil: number): void {
    connection.rest();
    connection.idleUntil = idleUntil;
    if (this.#waiting.size > 0 && this.#serve(connection)) return;
    const { idle } = this.#options.endpoint.pool;
    if (this.#whenEmpty !== undefined || idle === 0 || this.#hasUnserved()) {
      connection.destroy();
      return;
    }
    this.#idle.push(connection);
    if (this.#surplusAt === Infinity && this.#idle.length > idle)
      this.#watchSurplus(this.#options.clock.now());
    this.deadline = Math.min(this.deadline, idleUntil, this.#surplusAt);
    if (this.#isSwept) return;
    this.#isSwept = true;
    this.#options.deadlines.add(this);
  }

  /** Closes what is too old, and of what is too much those that were used the longest ago. */
  expired(now: number): void {
    if (this.#surplusAt <= now) {
      const surplus = Math.max(0, this.#leastIdle - this.#options.endpoint.pool.idle);
      for (const connection of this.#idle.slice(0, surplus)) connection.destroy();
      this.#watchSurplus(now);
    }
    let next = this.#surplusAt;
    for (const connection of this.#idle.slice()) {
      if (connection.idleUntil <= now) connection.destroy();
      else next = Math.min(next, connection.idleUntil);
    }
    this.deadline = next;
    if (this.#idle.length > 0) return;
    this.#isSwept = false;
    this.#options.deadlines.delete(this);
  }

  #watchSurplus(now: number): void {
    this.#leastIdle = this.#idle.length;
    this.#surplusAt = this.#leastIdle > this.#options.endpoint.pool.idle ? now + SURPLUS_MS : Infinity;
  }

  /** Closes idle connections, and keeps none from now on; resolves once those in use have ended. */
  close(): Promise<void> {
    return (this.#closed ??= new Promise((resolve) => {
      this.#whenEmpty = resolve;
      for (const connection of this.#idle.slice()) connection.destroy();
      this.#changed();
    }));
  }

  #hasRoom(): boolean {
    return this.#all.size + this.#dialling < this.#options.endpoint.pool.connections;
  }

  /** Whether a waiter has no connection being made for it. Those left when a connection is released take no used one. */
  #hasUnserved(): boolean {
    for (const place of this.#waiting.values()) if (!place.isDialling) return true;
    return false;
  }

  /** Gives a connection that is free to the first in line that takes it. What was dialled for it goes on. */
  #serve(connection: Connection): boolean {
    for (const [waiter, place] of this.#waiting) {
      if (!waiter.takesUsed) continue;
      this.#waiting.delete(waiter);
      if (!place.isDialling) place.cancel();
      waiter.acquired(connection);
      return true;
    }
    return false;
  }

  #limitWait(waiter: Waiter, place: Place): void {
    const { clock, endpoint } = this.#options;
    if (waiter.connectMs === 0) return;
    place.cancel = clock.after(waiter.connectMs, () => {
      const what = `all ${endpoint.pool.connections} connections stayed busy for ${waiter.connectMs} ms`;
      this.#refuse(waiter, attemptFailure("overloaded", endpoint, { what, progress: "connecting" }));
    });
  }

  #dial(waiter: Waiter, place: Place): void {
    const { destination, endpoint, clock, lookup } = this.#options;
    const limitMs = waiter.connectMs;
    place.cancel();
    place.isDialling = true;
    this.#dialling++;
    const ended = (): void => {
      this.#dialling--;
      place.cancel = nothing;
    };
    const giveUp = dial(
      { destination, limitMs, forTunnel: waiter.isForTunnel, clock, lookup },
      {
        connected: (socket) => {
          ended();
          this.#connected(socket, waiter);
        },
        failed: (error) => {
          ended();
          this.#refuse(waiter, connectFailure(endpoint, error));
        },
        timedOut: () => {
          ended();
          const what = `no connection within ${limitMs} ms`;
          this.#refuse(waiter, attemptFailure("connect-timeout", endpoint, { what, progress: "connecting" }));
        },
      },
    );
    if (!this.#waiting.has(waiter)) return;
    place.cancel = () => {
      ended();
      giveUp();
      this.#changed();
    };
  }

  #connected(socket: Socket, waiter: Waiter): void {
    const { clock, deadlines, endpoint } = this.#options;
    const onGone = (gone: Connection): void => this.#gone(gone);
    const connection = new Connection(socket, {
      format: this.#format,
      forwarded: this.#forwarded,
      deadlines,
      onGone,
    });
    this.#all.add(connection);
    this.opened += 1;
    if (this.#waiting.delete(waiter)) waiter.acquired(connection);
    else this.release(connection, clock.now() + endpoint.pool.keepAliveMs);
  }

  #gone(connection: Connection): void {
    this.#all.delete(connection);
    const index = this.#idle.lastIndexOf(connection);
    if (index !== -1) this.#idle.splice(index, 1);
    this.#leastIdle = Math.min(this.#leastIdle, this.#idle.length);
    this.#changed();
  }

  #refuse(waiter: Waiter, error: ProxyError): void {
    if (this.#waiting.delete(waiter)) waiter.refused(error);
    this.#changed();
  }

  /** There may be room for one more, or nothing left. */
  #changed(): void {
    for (const [waiter, place] of this.#waiting) {
      if (!this.#hasRoom()) return;
      if (!place.isDialling) this.#dial(waiter, place);
    }
    if (this.#all.size === 0 && this.#dialling === 0 && this.#waiting.size === 0) this.#whenEmpty?.();
  }
}
