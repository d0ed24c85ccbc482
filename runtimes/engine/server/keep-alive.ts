/** Whether a client's connection carries another request (RFC 9112 §9.3), and how long it waits for one. */
import type { BodyLength } from "../../../src/http1/body-length.ts";
import { persists } from "../../../src/http1/persistence.ts";
import type { RequestHead } from "../../../src/http1/request-head.ts";
import { limitFrom } from "../deadlines.ts";

/** A connection without a request for so long gives up what it holds for a next one like the last. */
const QUIET_MS = 2_000;

/** One for a connection, used again for each of its requests. */
export class KeepAlive {
  #isOn = true;
  #requests = 0;
  #closesAt = 0;

  /** Whether another request may follow the current one. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /** How many requests have begun. */
  get requests(): number {
    return this.#requests;
  }

  /** When the connection closes, while there is no request. In the clock's milliseconds. */
  get closesAt(): number {
    return this.#closesAt;
  }

  /** @param most requests of a connection */
  requestBegun({ version, notes, method }: RequestHead, length: BodyLength, most: number): void {
    this.#requests += 1;
    // Behind CONNECT nobody can tell whether what follows is a request.
    this.#isOn = persists(version, notes, length) && this.#requests < most && method !== "CONNECT";
  }

  /** The current request is the last one. */
  end(): void {
    this.#isOn = false;
  }

  /** The connection waits for a request. Returns when it gives up what it holds for one, or closes. */
  idle(now: number, keepAliveMs: number): number {
    this.#closesAt = limitFrom(now, keepAliveMs);
    return Math.min(this.#closesAt, now + QUIET_MS);
  }
}
