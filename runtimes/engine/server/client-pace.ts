/** Whether a client sends and reads as fast as `listen.limits.minRate` asks, without a timer. */
import { ProxyError } from "../../../src/core/errors.ts";

/** A client may be below the rate for so long. */
const WINDOW_MS = 10_000;

/**
 * Bytes that have left this process and may not have reached the client's program: more than what systems buffer by default
 * (Linux: 4 MiB to send, 6 MiB received). They free their buffers in large steps, so between two of them a client that reads
 * all the time looks like one that does not.
 */
const BUFFERED_BYTES = 16 * 1024 * 1024;

/**
 * Content is counted over windows of ten seconds; time in which its reader takes none does not count.
 *
 * For responses each byte given to the socket adds the time that it takes at the rate, and time passes only while the socket takes
 * no more. A client at or above the rate has never read more than the socket was given, so it can't run out of time, however its
 * system acknowledges what it reads. A client below the rate does, once the bytes in buffers have used up their time.
 */
export class ClientPace {
  /** The least rate; above 0. Set before each wait. */
  bytesPerSecond = 1;
  /** End of the window. Moves by the time for which content is held up. */
  #sendBy = Number.POSITIVE_INFINITY;
  #heldUpAt: number | undefined;
  #receivedBytes = 0;
  /** Time left for reading, as bytes; undefined before the first wait. */
  #creditBytes: number | undefined;
  /** Of all that was given to the socket, what has been credited. */
  #creditedBytes = 0;
  #blockedAt: number | undefined;
  #readBy = Number.POSITIVE_INFINITY;

  /** When `check` has something to look at, in the clock's milliseconds. */
  get deadline(): number {
    return this.#heldUpAt === undefined ? Math.min(this.#sendBy, this.#readBy) : this.#readBy;
  }

  /** Another request begins: what is known of the content before does not count. */
  requestBegun(): void {
    this.#sendBy = Number.POSITIVE_INFINITY;
    this.#heldUpAt = undefined;
  }

  /** The content's reader waits for the client. */
  awaits(now: number): void {
    if (this.#sendBy === Number.POSITIVE_INFINITY) this.#openWindow(now);
    else if (this.#heldUpAt !== undefined) this.#sendBy += now - this.#heldUpAt;
    this.#heldUpAt = undefined;
  }

  /** The content's reader takes no more for now. */
  heldUp(now: number): void {
    if (this.#sendBy !== Number.POSITIVE_INFINITY) this.#heldUpAt ??= now;
  }

  received(bytes: number): void {
    this.#receivedBytes += bytes;
  }

  /**
   * The socket takes no more until `drained`.
   *
   * @param writtenBytes given to the socket since it was opened
   * @param queuedBytes of these, still in this process
   */
  blocked(now: number, writtenBytes: number, queuedBytes: number): void {
    this.drained(now);
    const most = this.#windowBytes + BUFFERED_BYTES + queuedBytes;
    const credit = (this.#creditBytes ?? this.#windowBytes) + writtenBytes - this.#creditedBytes;
    this.#creditBytes = Math.min(credit, most);
    this.#creditedBytes = writtenBytes;
    this.#blockedAt = now;
    this.#readBy = now + (this.#creditBytes / this.bytesPerSecond) * 1_000;
  }

  /** The client has taken what held the response up. */
  drained(now: number): void {
    if (this.#blockedAt === undefined || this.#creditBytes === undefined) return;
    this.#creditBytes -= ((now - this.#blockedAt) / 1_000) * this.bytesPerSecond;
    this.#blockedAt = undefined;
    this.#readBy = Number.POSITIVE_INFINITY;
  }

  /**
   * Returns why the client is cut (`request-timeout`, `client-closed`), or goes on measuring.
   *
   * @param awaitsContent the request's content has a reader that waits for more
   * @param queuedBytes for the client, still in this process
   */
  check(now: number, awaitsContent: boolean, queuedBytes: number): ProxyError | undefined {
    if (this.#heldUpAt === undefined && this.#sendBy <= now) {
      const isSlow = awaitsContent && this.#receivedBytes < this.#windowBytes;
      if (awaitsContent && !isSlow) this.#openWindow(now);
      else this.#sendBy = Number.POSITIVE_INFINITY;
      if (isSlow) return slowSender(this.bytesPerSecond);
    }
    if (this.#readBy > now) return undefined;
    this.drained(now);
    return queuedBytes > 0 ? slowReader(this.bytesPerSecond) : undefined;
  }

  get #windowBytes(): number {
    return (this.bytesPerSecond * WINDOW_MS) / 1_000;
  }

  #openWindow(now: number): void {
    this.#sendBy = now + WINDOW_MS;
    this.#receivedBytes = 0;
  }
}

const slowSender = (rate: number): ProxyError =>
  new ProxyError("request-timeout", {
    detail: `the client sent its content at less than ${rate} bytes a second (listen.limits.minRate)`,
  });

const slowReader = (rate: number): ProxyError =>
  new ProxyError("client-closed", {
    detail: `client read the response at less than ${rate} bytes a second (listen.limits.minRate)`,
  });
