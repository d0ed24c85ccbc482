/** Reads an upstream connection into the same few buffers over and over, instead of a fresh one for each read. */
import type { Socket } from "node:net";
import { InterimFilter } from "./interim.ts";

const INITIAL_BYTES = 64 * 1024;
/**
 * For connections that fill the smaller one. What was read is written on in one go, and a system's largest packets hold
 * just under 64 KiB: a multiple of that would leave a last packet of a few bytes each time. Much larger, the buffers of
 * all connections no longer fit into the processor's cache together, and a connection's buffer is cold when its turn comes.
 */
const BULK_BYTES = 112 * 1024;
/** Buffers that are waited for; a connection that needs more has a slow client and pays with garbage. */
const MAX_LENT = 3;

/** Somebody who was given views of a buffer. */
export interface Borrower {
  /** True once every byte that was given is of no more use to anybody. */
  readonly hasReturned: boolean;
}

interface Lent {
  readonly bytes: Uint8Array;
  readonly to: Borrower;
}

/**
 * Node allocates 64 KiB for each read, which for a proxy is most of its garbage. Here a connection reads into a buffer of
 * its own. Whoever is given a view of it takes what it needs before it returns, or calls `lend`: then the next read gets
 * another buffer, and this one is read into again only when its borrower has returned it.
 *
 * undici reads its sockets with `read()` on `readable`. `attach` lets it find the bytes there that came just now.
 */
export class ReadBuffer {
  #socket: Socket | undefined;
  #arrived: Buffer | undefined;
  #current: Uint8Array | undefined;
  #bytes = INITIAL_BYTES;
  #borrower: Borrower | undefined;
  #afterRead = false;
  readonly #lent: Lent[] = [];
  /** Sees all bytes before undici does. */
  readonly interim: InterimFilter = new InterimFilter();

  /** Called by Node for each new handle, of which a connect to several addresses has several, and after each read. */
  readonly buffer = (): Uint8Array => {
    const afterRead = this.#afterRead;
    this.#afterRead = false;
    const current = this.#current;
    const borrower = this.#borrower;
    const fits = current?.length === this.#bytes;
    if (current !== undefined && fits && borrower === undefined) {
      // Nothing, as Node takes it: go on with the same.
      return afterRead ? (undefined as unknown as Uint8Array) : current;
    }
    const next = this.#returned() ?? Buffer.allocUnsafeSlow(this.#bytes);
    if (current !== undefined && fits && borrower !== undefined) {
      if (this.#lent.length === MAX_LENT) this.#lent.shift();
      this.#lent.push({ bytes: current, to: borrower });
    }
    this.#borrower = undefined;
    this.#current = next;
    return next;
  };

  /** Called by Node with what it read. @returns whether to go on reading */
  readonly callback = (bytes: number, buffer: Uint8Array): boolean => {
    const socket = this.#socket;
    this.#afterRead = true;
    if (socket === undefined) return true;
    if (bytes === this.#bytes) this.#bytes = BULK_BYTES;
    this.#arrived = this.interim.pass(Buffer.from(buffer.buffer, buffer.byteOffset, bytes));
    if (this.#arrived === undefined) return true;
    socket.emit("readable");
    const unread = this.#arrived;
    if (unread === undefined) return true;
    // undici holds back for a slow consumer: the stream keeps the bytes, and reading goes on when it asks for them.
    this.#arrived = undefined;
    socket.push(Buffer.from(unread));
    return false;
  };

  /** Views of what was read last are in use for longer than the call they were given in. */
  lend(borrower: Borrower): void {
    this.#borrower = borrower;
  }

  /** All that was written to the connection has been taken over by the system. */
  get hasSent(): boolean {
    return this.#socket?.writableLength === 0;
  }

  attach(socket: Socket): void {
    this.#socket = socket;
    const read = socket.read.bind(socket);
    const unshift = socket.unshift.bind(socket);
    socket.read = (size?: number): unknown => {
      const arrived = this.#arrived;
      if (arrived === undefined || size === 0 || socket.readableLength > 0) return read(size);
      this.#arrived = undefined;
      return arrived;
    };
    socket.unshift = (chunk: Uint8Array): void => unshift(Buffer.from(chunk));
  }

  #returned(): Uint8Array | undefined {
    const index = this.#lent.findIndex(({ bytes, to }) => bytes.length === this.#bytes && to.hasReturned);
    return index === -1 ? undefined : this.#lent.splice(index, 1)[0]?.bytes;
  }
}
